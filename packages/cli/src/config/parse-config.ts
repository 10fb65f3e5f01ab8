import { nearestWord } from "@tideline/version/nearest-word";
import * as v from "valibot";
import { checkConfig } from "./check-config.js";
import type { TidelineConfig } from "./config.js";
import { configSchema, KNOWN_KEYS } from "./config-schema.js";
import { fillInConfig } from "./fill-in-config.js";
import {
  type FileProblem,
  type JsonPath,
  placeName,
  readJson,
  readJsonPlaces,
} from "./read-json-lines.js";

/** A configuration, or everything that is wrong with the file, by line. */
export type ParsedConfig =
  | { readonly ok: true; readonly config: TidelineConfig }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

/**
 * Reads the text of a `tideline.config.json`.
 *
 * @param path Where the file is, absolute; its folder is where the paths in it start.
 */
export async function parseConfig(text: string, path: string): Promise<ParsedConfig> {
  const json = readJson(text);
  if (!json.ok) return { ok: false, problems: [json.problem] };
  const shape = v.safeParse(configSchema, json.value);
  const found: [at: JsonPath, sentence: string][] = [];
  if (shape.success) {
    const config = fillInConfig(shape.output, path);
    for (const { path: at, sentence } of checkConfig(shape.output, config)) {
      found.push([at, sentence]);
    }
    if (found.length === 0 && !json.hasDuplicates) return { ok: true, config };
  } else {
    found.push(...shape.issues.map(describe));
  }
  const { duplicates, lineOf } = await readJsonPlaces(text);
  const problems = found.map(([at, sentence]) => ({
    line: lineOf(at),
    sentence: `${placeName(at)}${sentence}`,
  }));
  return { ok: false, problems: [...duplicates, ...problems].sort((a, b) => a.line - b.line) };
}

/** A problem of shape, and where it is: for a key that is missing, the object that needs it. */
function describe(issue: v.BaseIssue<unknown>): [at: JsonPath, sentence: string] {
  const at = (issue.path ?? []).map(({ key }) => key as string | number);
  const isKey = issue.path?.at(-1)?.origin === "key";
  if (issue.type === "strict_object" && isKey) {
    const object = at.slice(0, -1);
    const key = String(at.at(-1));
    if (issue.expected !== "never") {
      return [object, `expected the key "${key}", got none`];
    }
    const known = knownKeys(object);
    const near = nearestWord(key, known);
    const hint = near === null ? "" : `; did you mean "${near}"?`;
    return [at, `expected one of the keys ${known.join(", ")}, got "${key}"${hint}`];
  }
  const expected = TYPES[issue.expected ?? ""] ?? issue.message;
  return [at, `expected ${expected}, got ${describeValue(issue.input)}`];
}

const TYPES: Readonly<Record<string, string>> = {
  string: "text in quotes",
  boolean: "true or false",
  Array: 'a list in "[]"',
  Object: 'an object in "{}"',
};

function knownKeys(object: JsonPath): readonly string[] {
  const [top, , ...deeper] = object;
  return KNOWN_KEYS[object.length === 2 && deeper.length === 0 ? `${top}.*` : ""] ?? [];
}

function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 80));
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) {
    return Object.keys(value).length === 0 ? "an empty object" : "an object";
  }
  return String(value);
}
