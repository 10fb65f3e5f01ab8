/** Finds `tideline.config.json` and reads it. What is in it is config.ts. */
import { readFile } from "node:fs/promises";
import { dirname, join, parse, relative, resolve } from "node:path";
import { CommandError } from "../command-error.js";
import type { TidelineConfig } from "./config.js";
import { parseConfig } from "./parse-config.js";

/** What the file is called. */
export const CONFIG_FILE_NAME = "tideline.config.json";

/**
 * Reads the configuration of the folder or of the nearest one above it that has one; null if there
 * is none.
 *
 * @throws {CommandError} `usage`, with a sentence for everything that is wrong with it; each names
 *   the file and the line.
 */
export async function loadConfig(cwd: string): Promise<TidelineConfig | null> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = join(folder, CONFIG_FILE_NAME);
    const shown = relative(cwd, path);
    const text = await readText(path, shown);
    if (text !== null) return await parseOrThrow(text, path, shown);
    if (folder === parse(folder).root) return null;
  }
}

/**
 * Reads the configuration as {@link loadConfig} does, for a command that cannot do without.
 *
 * @param doing What cannot be done without it, for example `"plan"`.
 * @throws {CommandError} `usage`, if there is none or something is wrong with it.
 */
export async function requireConfig(cwd: string, doing: string): Promise<TidelineConfig> {
  const config = await loadConfig(cwd);
  if (config !== null) return config;
  throw new CommandError(
    "usage",
    `Cannot ${doing}: expected a ${CONFIG_FILE_NAME} in "${cwd}" or a folder above it, got none`,
  );
}

async function parseOrThrow(text: string, path: string, shown: string): Promise<TidelineConfig> {
  const parsed = await parseConfig(text, path);
  if (parsed.ok) return parsed.config;
  // All at once, so that a file with three mistakes is not three runs.
  const sentences = parsed.problems.map(
    ({ line, sentence }) => `Cannot use ${shown}, line ${line}: ${sentence}`,
  );
  throw new CommandError("usage", sentences.join("\n"));
}

async function readText(path: string, shown: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new CommandError("usage", `Cannot use ${shown}: expected a file to read, got ${code}`, {
      cause,
    });
  }
}
