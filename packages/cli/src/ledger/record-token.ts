import { readFile } from "node:fs/promises";
import { dirname, join, parse, resolve } from "node:path";
import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";

/** Where a token is kept on a developer's machine. */
export const TOKEN_FILE = join(".tideline", "record-token");

/**
 * Gives the record token: `TIDELINE_RECORD_TOKEN`, else the first line of `.tideline/record-token`
 * in the folder or the nearest one above it that has the file; null if there is none.
 *
 * @throws {CommandError} `usage`, if the file cannot be read.
 */
export async function findRecordToken(env: Env, cwd: string): Promise<string | null> {
  const named = env.TIDELINE_RECORD_TOKEN?.trim();
  if (named) return named;
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const token = await readToken(join(folder, TOKEN_FILE));
    if (token !== null) return token;
    if (folder === parse(folder).root) return null;
  }
}

async function readToken(path: string): Promise<string | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new CommandError("usage", `Cannot read the record token from "${path}": ${code}`, {
      cause,
    });
  }
  return text.split("\n", 1)[0]?.trim() || null;
}
