/** What the running example leaves for `deploy.sh`: where it is, and which version to serve next. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAlive } from "../local-state.js";
import { makeFolder } from "../make-folder.js";

/** Where the example is to be found while it runs. */
export interface RunningExample {
  readonly pid: number;
  readonly page: string;
  readonly gateway: string;
  /** The Convex deployment. */
  readonly ledger: string;
  /** The folder that holds the ledger's record token. */
  readonly tokenState: string;
}

const running = (data: string) => join(data, "running.json");
const version = (data: string) => join(data, "version");

/** Says where the example is to be found. */
export async function writeRunning(data: string, example: RunningExample): Promise<void> {
  await writeWhole(running(data), `${JSON.stringify(example, null, 2)}\n`);
}

/** Takes back what `writeRunning` said. */
export async function removeRunning(data: string): Promise<void> {
  await rm(running(data), { force: true });
}

/** Gives where the example runs, or null if it does not. */
export async function findExample(data: string): Promise<RunningExample | null> {
  try {
    const example = JSON.parse(await readFile(running(data), "utf8")) as RunningExample;
    return isAlive(example.pid) ? example : null;
  } catch {
    // Not there: it never ran, or it was stopped in order.
    return null;
  }
}

/** Names the version that the page is served as from its next start on. */
export async function writeVersion(data: string, name: string): Promise<void> {
  await makeFolder(data);
  await writeWhole(version(data), name);
}

/** Gives the version that the page is to be served as. */
export async function readVersion(data: string): Promise<string> {
  return await readFile(version(data), "utf8");
}

/** A reader finds the old text or the new one. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.next`, text);
  await rename(`${path}.next`, path);
}
