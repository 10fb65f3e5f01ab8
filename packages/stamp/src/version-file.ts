/** `version.json`: the stamp beside the artifact, for `tideline record`, probes and people. */
import { readFile } from "node:fs/promises";
import { type BuildStamp, parseStamp } from "@tideline/version";
import { writeFileAtomically } from "./write-file-atomically.js";

/** The file's name, at the top of an artifact's folder. */
export const VERSION_FILE_NAME = "version.json";

/** The stamp, and the same under the names that older readers of `version.json` know. */
export interface VersionFile extends BuildStamp {
  readonly build_number: string;
  /** ISO 8601 in UTC, to the second. */
  readonly build_date: string;
  readonly git_commit: string;
  /** `YYYY-MM-DD hh:mm:ss` in UTC. */
  readonly buildTimestamp: string;
}

/** Gives the text of a `version.json`. */
export function formatVersionFile(stamp: BuildStamp): string {
  const date = new Date(stamp.buildTime).toISOString().slice(0, 19);
  const file: VersionFile = {
    ...stamp,
    build_number: String(stamp.buildNumber),
    build_date: `${date}Z`,
    git_commit: stamp.gitCommit ?? "unknown",
    buildTimestamp: date.replace("T", " "),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Writes a `version.json`. A crash leaves the old file or the new one, never a part.
 *
 * @throws {Error} If the file cannot be written.
 */
export async function writeVersionFile(path: string, stamp: BuildStamp): Promise<void> {
  await writeFileAtomically(path, formatVersionFile(stamp));
}

/**
 * Reads a `version.json`. One that another tool wrote, with the names `build_number`, `build_date`
 * and `git_commit` alone, is understood too; its build id is then the label of its version.
 *
 * @throws {Error} If there is no such file, with `code` `"ENOENT"`, or it cannot be read.
 * @throws {SyntaxError} If it is not JSON, or names no build.
 */
export async function readVersionFile(path: string): Promise<BuildStamp> {
  const text = await readFile(path, "utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    // Nothing of it is repeated, as the parser's own words would: whoever named the wrong file may
    // have named one that nobody should read in a log.
    const got = text.trim() === "" ? "an empty file" : "something else";
    throw new SyntaxError(`Cannot parse "${path}": expected JSON, got ${got}`, { cause });
  }
  const stamp = parseVersionFile(json);
  if (stamp !== null) return stamp;
  throw new SyntaxError(
    `Cannot use "${path}": expected a build id or a version in it; a build that was interrupted leaves none`,
  );
}

/**
 * Gives the stamp that the JSON of a `version.json` holds, under our names or the older ones; null
 * if it names no build.
 */
export function parseVersionFile(json: unknown): BuildStamp | null {
  return parseStamp(withOurNames(json));
}

function withOurNames(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  const file = { ...json } as Record<string, unknown>;
  const date = typeof file.build_date === "string" ? Date.parse(file.build_date) : Number.NaN;
  return {
    ...file,
    gitCommit: file.gitCommit ?? (file.git_commit === "unknown" ? null : file.git_commit),
    buildNumber: file.buildNumber ?? wholeNumber(file.build_number),
    buildTime: file.buildTime ?? (Number.isNaN(date) ? undefined : date),
  };
}

function wholeNumber(value: unknown): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
