/** Which active file did not start, beside the guard, so that a boot does not try it once more. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { replaceFile } from "../write-file.js";
import { guardPaths } from "./guard-paths.js";

/** An active file that the guard runs no more. */
export interface FailedFile {
  readonly sha256: string;
  /** What it did: `ended with 1 before it said that it is alive`. */
  readonly problem: string;
  /** Of its end; never 0. */
  readonly exitCode: number;
  /** ms since epoch. */
  readonly at: number;
}

/** Where it is noted. */
export function failedPath(active: string): string {
  return join(guardPaths(active).folder, "failed.json");
}

/** Reads it; null if there is none, or nobody can read it: the file is then tried again. */
export function readFailed(active: string): FailedFile | null {
  try {
    return v.parse(SCHEMA, JSON.parse(readFileSync(failedPath(active), "utf8")));
  } catch {
    return null;
  }
}

/** @throws {SyncError} `DISK_FULL` or `FOLDER_NOT_WRITABLE` */
export async function writeFailed(active: string, failed: FailedFile): Promise<void> {
  await replaceFile(failedPath(active), `${JSON.stringify(failed)}\n`);
}

const SCHEMA = v.object({
  sha256: v.string(),
  problem: v.string(),
  exitCode: v.number(),
  at: v.number(),
});
