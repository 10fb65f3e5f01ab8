/** Finds `sync.config.yaml` and reads it. What is in it is sync-config.ts. */
import { readFile, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, parse, relative, resolve } from "node:path";
import { UsageError } from "../usage-error.js";
import type { SyncConfig } from "./sync-config.js";

/** What the file is called. */
export const CONFIG_FILE_NAME = "sync.config.yaml";

/**
 * Reads the configuration.
 *
 * @param where The file; or a folder, and then the file of it or of the nearest folder above it.
 * @param cwd What relative paths start from, and what paths in messages are relative to.
 * @throws {UsageError} With a sentence for everything that is wrong; each names the file and line.
 */
export async function loadConfig(where: string, cwd = process.cwd()): Promise<SyncConfig> {
  const path = await find(resolve(cwd, where));
  const fromHere = relative(cwd, path);
  const shown = fromHere === "" || fromHere.startsWith("..") ? path : fromHere;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new UsageError(`Cannot use ${shown}: expected a file to read, got ${code}`, { cause });
  }
  // Here, because a service that runs for months reads its configuration once.
  const { parseConfig } = await import("./parse-config.js");
  const parsed = parseConfig(text, path, hostname());
  if (parsed.ok) return parsed.config;
  // All at once, so that a file with three mistakes is not three runs.
  const sentences = parsed.problems.map(
    ({ line, sentence }) => `Cannot use ${shown}, line ${line}: ${sentence}`,
  );
  throw new UsageError(sentences.join("\n"));
}

async function find(where: string): Promise<string> {
  if (!(await isFolder(where))) return where;
  for (let folder = where; ; folder = dirname(folder)) {
    const path = join(folder, CONFIG_FILE_NAME);
    if (await exists(path)) return path;
    if (folder === parse(folder).root) {
      throw new UsageError(
        `Cannot go on: expected a ${CONFIG_FILE_NAME} in "${where}" or a folder above it, got none`,
        {
          nextStep:
            "`tideline-sync install` writes a first one here; `--config FILE` names one that lies elsewhere",
        },
      );
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // What is not there is reported when it is read.
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // A file that may not be looked at is found, and then named when it is read.
    return !["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
  }
}
