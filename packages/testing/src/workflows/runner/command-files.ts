/** The files through which a step tells its runner something: GITHUB_OUTPUT and its like. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The variables that name the files. */
export const COMMAND_FILES = [
  "GITHUB_OUTPUT",
  "GITHUB_ENV",
  "GITHUB_PATH",
  "GITHUB_STEP_SUMMARY",
] as const;

/** What one step said. */
export interface StepSaid {
  readonly outputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  readonly summary: string;
}

/** Makes empty files for one step, and gives the variables that name them. */
export async function makeCommandFiles(folder: string): Promise<Record<string, string>> {
  await mkdir(folder, { recursive: true });
  const files = COMMAND_FILES.map((name) => [name, join(folder, name.toLowerCase())] as const);
  await Promise.all(files.map(([, file]) => writeFile(file, "")));
  return Object.fromEntries(files);
}

/** Reads what the step wrote. */
export async function readCommandFiles(folder: string): Promise<StepSaid> {
  const [outputs = "", env = "", path = "", summary = ""] = await Promise.all(
    COMMAND_FILES.map((name) => readFile(join(folder, name.toLowerCase()), "utf8")),
  );
  return {
    outputs: parsePairs(outputs),
    env: parsePairs(env),
    path: path.split("\n").filter((line) => line !== ""),
    summary,
  };
}

/**
 * Reads `name=value` lines and `name<<END` … `END` blocks.
 *
 * @throws {SyntaxError} For a line that is neither, as the runner does.
 */
export function parsePairs(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line === "") continue;
    const [, name = "", operator, rest = ""] = /^([^=<]+)(=|<<)(.*)$/.exec(line) ?? [];
    if (operator === "=") {
      pairs[name] = rest;
    } else if (operator === "<<") {
      const end = lines.indexOf(rest, at + 1);
      if (end === -1) throw new SyntaxError(`Cannot read ${name}: expected a line "${rest}"`);
      pairs[name] = lines.slice(at + 1, end).join("\n");
      at = end;
    } else {
      throw new SyntaxError(`Cannot read a step's file: expected "name=value", got "${line}"`);
    }
  }
  return pairs;
}
