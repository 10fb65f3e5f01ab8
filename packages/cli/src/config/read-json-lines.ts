import { countKeys, findJsonProblem } from "./find-json-problem.js";

/** Keys and indexes from the top of a document to one of its values. */
export type JsonPath = readonly (string | number)[];

/** One thing that is wrong with a file. */
export interface FileProblem {
  /** From 1. */
  readonly line: number;
  /** `expected …, got …`, with the place before it where there is one. */
  readonly sentence: string;
}

/** What a text says, or where it is no JSON. */
export type ReadJson =
  | { readonly ok: false; readonly problem: FileProblem }
  | {
      readonly ok: true;
      readonly value: unknown;
      /** True if a key stands more than once in one object: JSON silently takes the last. */
      readonly hasDuplicates: boolean;
    };

/** Where everything in a document stands. */
export interface JsonPlaces {
  /** The line of a key or of an item, from 1; that of the nearest thing above it if it is not there. */
  readonly lineOf: (path: JsonPath) => number;
  /** Keys that stand more than once in the same object. */
  readonly duplicates: readonly FileProblem[];
}

/** Reads JSON; a byte order mark before it is left out. */
export function readJson(text: string): ReadJson {
  const source = withoutMark(text);
  const found = findJsonProblem(source);
  if (found !== null) {
    const line = source.slice(0, found.offset).split("\n").length;
    const sentence = `expected ${found.expected}, got ${found.found}`;
    return { ok: false, problem: { line, sentence } };
  }
  const value: unknown = JSON.parse(source);
  return { ok: true, value, hasDuplicates: countKeys(source) !== countKeysOf(value) };
}

/**
 * Finds where everything in a JSON document stands. JSON is YAML, whose parser keeps the place of
 * every node; it is loaded here, because a file without mistakes does not need it.
 */
export async function readJsonPlaces(text: string): Promise<JsonPlaces> {
  const { LineCounter, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(withoutMark(text), {
    lineCounter: lines,
    uniqueKeys: false,
    schema: "json",
  });
  const places = new Map<string, number>();
  const duplicates: FileProblem[] = [];
  const lineAt = (node: Node) => lines.linePos(node.range?.[0] ?? 0).line;
  const visit = (node: Node | null, path: JsonPath, line: number) => {
    places.set(JSON.stringify(path), line);
    const keys = new Set<unknown>();
    for (const [index, item] of node?.items?.entries() ?? []) {
      if (!("key" in item)) {
        visit(item, [...path, index], lineAt(item));
        continue;
      }
      const key = String(item.key.value);
      if (keys.has(key)) {
        duplicates.push({
          line: lineAt(item.key),
          sentence: `${placeName(path)}expected every key once, got "${key}" again`,
        });
      }
      keys.add(key);
      visit(item.value, [...path, key], lineAt(item.key));
    }
  };
  const top = document.contents as Node | null;
  visit(top, [], top === null ? 1 : lineAt(top));
  return {
    duplicates,
    lineOf: (path) => {
      for (let length = path.length; length > 0; length--) {
        const line = places.get(JSON.stringify(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return places.get("[]") ?? 1;
    },
  };
}

/** Says where in the document something is, for the beginning of a sentence: `services.web.paths: `. */
export function placeName(path: JsonPath): string {
  return path.length === 0 ? "" : `${path.join(".")}: `;
}

/** What of yaml's nodes is used here. */
interface Node {
  readonly range?: readonly [start: number, ...rest: number[]] | null;
  readonly value?: unknown;
  readonly items?: readonly (Node | { readonly key: Node; readonly value: Node | null })[];
}

function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, "");
}

function countKeysOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, inner) => sum + countKeysOf(inner), own);
}
