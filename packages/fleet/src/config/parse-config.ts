import { nearestWord } from "@tideline/version/nearest-word";
import * as v from "valibot";
import { checkConfig } from "./check-config.js";
import { configSchema, KNOWN_KEYS } from "./config-schema.js";
import { fillInConfig } from "./fill-in-config.js";
import { type FileProblem, placeName, readYaml, type YamlPath } from "./read-yaml.js";
import type { SyncConfig } from "./sync-config.js";

/** A configuration, or everything that is wrong with the file, by line. */
export type ParsedConfig =
  | { readonly ok: true; readonly config: SyncConfig }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

/**
 * Reads the text of a `sync.config.yaml`. Pure.
 *
 * @param path Where the file is, absolute; its folder is where the paths in it start.
 * @param hostName The machine's name where the file gives none.
 */
export function parseConfig(text: string, path: string, hostName: string): ParsedConfig {
  const yaml = readYaml(text);
  if (!yaml.ok) return yaml;
  const shape = v.safeParse(configSchema, yaml.value);
  const found: [at: YamlPath, sentence: string][] = [];
  if (shape.success) {
    const config = fillInConfig(shape.output, path, hostName);
    for (const { path: at, sentence } of checkConfig(shape.output, config)) {
      found.push([at, sentence]);
    }
    if (found.length === 0) return { ok: true, config };
  } else {
    found.push(...shape.issues.map(describe));
  }
  const problems = found
    .map(([at, sentence]) => ({
      line: yaml.lineOf(at),
      sentence: `${placeName(at)}${sentence}`,
    }))
    .sort((a, b) => a.line - b.line);
  return { ok: false, problems };
}

/** A problem of shape, and where it is: for a key that is missing, the object that needs it. */
function describe(issue: v.BaseIssue<unknown>): [at: YamlPath, sentence: string] {
  const at = (issue.path ?? []).map(({ key }) => key as string | number);
  const isKey = issue.path?.at(-1)?.origin === "key";
  if (issue.type === "strict_object" && isKey) {
    const object = at.slice(0, -1);
    const key = String(at.at(-1));
    if (issue.expected !== "never") return [object, `expected the key "${key}", got none`];
    return [at, unknownKey(object, key)];
  }
  // Of a union only its own sentence says what the choice is.
  const type = issue.type === "union" ? "" : (issue.expected ?? "");
  const expected = TYPES[type] ?? TYPES[issue.message] ?? issue.message;
  return [at, `expected ${expected}, got ${describeValue(issue.input)}`];
}

function unknownKey(object: YamlPath, key: string): string {
  if (/secret|token|password/i.test(key)) {
    return `expected no secrets in this file, got "${key}"; they are read from the environment`;
  }
  const known = knownKeys(object);
  const near = nearestWord(key, known);
  const hint = near === null ? "" : `; did you mean "${near}"?`;
  return `expected one of the keys ${known.join(", ")}, got "${key}"${hint}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: "text (in quotes, if it looks like a number)",
  number: "a number",
  boolean: "true or false",
  Array: "a list",
  Object: "an object of keys and values",
  http: "an address that begins with http:// or https://",
};

function knownKeys(object: YamlPath): readonly string[] {
  const place = object.join(".");
  for (const [pattern, keys] of Object.entries(KNOWN_KEYS)) {
    // A name may hold dots, so steps are compared, not text.
    const steps = pattern === "" ? [] : pattern.split(".");
    if (steps.length !== object.length) continue;
    if (steps.every((step, index) => step === "*" || step === object[index])) return keys;
  }
  throw new RangeError(`Cannot list keys: expected a known place, got "${place}"`);
}

function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 80));
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") {
    return Object.keys(value).length === 0 ? "an empty object" : "an object";
  }
  return String(value);
}
