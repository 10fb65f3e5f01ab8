/**
 * The text of a version file: the five keys of `version.json`, or a `package.json`, of which only
 * `version` is touched.
 */
import { bumpVersion } from "@tideline/version/bump";
import { CommandError } from "../command-error.js";
import { findJsonProblem } from "../config/find-json-problem.js";

/** What is written beside the version. */
export interface VersionFacts {
  readonly version: string;
  /**
   * The commit that the new version builds on. A file cannot hold the commit that it is part of;
   * the version.json of a build has that one.
   */
  readonly parent: string | null;
  /** ms since epoch. */
  readonly now: number;
}

/**
 * Reads the version out of a version file's text.
 *
 * @param name What the sentence calls the file.
 * @throws {CommandError} `usage`, if it is not JSON with a semantic version in `version`.
 */
export function readVersionText(text: string, name: string): string {
  const version = parse(text, name).version;
  if (typeof version !== "string") {
    throw new CommandError(
      "usage",
      `Cannot use the version file "${name}": expected a text in "version", got ${kindOf(version)}`,
    );
  }
  try {
    bumpVersion(version, "major");
  } catch {
    // The sentence below names the file, which this error does not know.
    throw new CommandError(
      "usage",
      `Cannot use the version file "${name}": expected a semantic version such as "1.2.3" in "version", got "${version.slice(0, 80)}"`,
    );
  }
  return version;
}

/**
 * Gives a version file's text with another version. Of a `package.json` nothing else changes; in
 * any other file the five keys are set, and what it has besides stays.
 */
export function writeVersionText(text: string, name: string, facts: VersionFacts): string {
  if (/(^|\/)package\.json$/.test(name)) return replaceVersion(text, facts.version);
  const date = new Date(facts.now).toISOString();
  const indent = /^[ \t]+(?=")/m.exec(text)?.[0] ?? "  ";
  const file = {
    ...parse(text, name),
    version: facts.version,
    // Minutes in UTC: local time would run backwards when clocks change.
    build_number: date.slice(0, 16).replace(/\D/g, ""),
    build_date: `${date.slice(0, 19)}Z`,
    git_commit: facts.parent ?? "unknown",
    buildTimestamp: date.slice(0, 19).replace("T", " "),
  };
  return `${JSON.stringify(file, null, indent)}\n`;
}

function parse(text: string, name: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    // A broken file may be another one, with secrets in it: the place is enough to find what is wrong.
    throw new CommandError(
      "usage",
      `Cannot use the version file "${name}": expected JSON, got ${placeOf(text)}`,
      { cause },
    );
  }
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return { ...json };
  throw new CommandError(
    "usage",
    `Cannot use the version file "${name}": expected an object, got ${kindOf(json)}`,
  );
}

function placeOf(text: string): string {
  const source = text.replace(/^\uFEFF/, "");
  const problem = findJsonProblem(source);
  if (source.trim() === "" || problem === null) return "nothing";
  return `something else in line ${source.slice(0, problem.offset).split("\n").length}`;
}

function kindOf(json: unknown): string {
  if (json === undefined) return "nothing";
  if (json === null) return "null";
  if (Array.isArray(json)) return "a list";
  return typeof json === "object" ? "an object" : `a ${typeof json}`;
}

/** Changes the text of the outermost "version", which a parser and a printer would reformat. */
function replaceVersion(text: string, version: string): string {
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]]/g;
  let depth = 0;
  let isNext = false;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (isNext) {
      return text.slice(0, index) + JSON.stringify(version) + text.slice(index + token.length);
    } else if (depth === 1 && token === '"version"') {
      isNext = /^\s*:/.test(text.slice(index + token.length));
    }
  }
  throw new Error("Cannot replace the version: it was read a moment ago");
}
