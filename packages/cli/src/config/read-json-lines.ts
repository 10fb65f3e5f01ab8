import { LineCounter, parseDocument } from "yaml";
import { findJsonProblem } from "./find-json-problem.js";

/** Keys and indexes from the top of a document to one of its values. */
export type JsonPath = readonly (string | number)[];

/** One thing that is wrong with a file. */
export interface FileProblem {
  /** From 1. */
  readonly line: number;
  /** `expected …, got …`, with the place before it where there is one. */
  readonly sentence: string;
}

/** A JSON document that knows where its values stand. */
export type JsonLines =
  | { readonly ok: false; readonly problem: FileProblem }
  | {
      readonly ok: true;
      readonly value: unknown;
      /** The line of a key or of an item, from 1; that of the nearest thing above it if it is not there. */
      readonly lineOf: (path: JsonPath) => number;
      /** Keys that stand more than once in the same object: JSON would silently take the last. */
      readonly duplicates: readonly FileProblem[];
    };

/** Reads JSON, and where everything in it stands. */
export function readJsonLines(text: string): JsonLines {
  const source = text.replace(/^\uFEFF/, "");
  const lines = new LineCounter();
  // JSON is YAML, whose parser keeps the place of every node.
  const document = parseDocument(source, {
    lineCounter: lines,
    uniqueKeys: false,
    schema: "json",
  });
  const found = findJsonProblem(source);
  if (found !== null) {
    const { line } = lines.linePos(found.offset);
    return {
      ok: false,
      problem: { line, sentence: `expected ${found.expected}, got ${found.found}` },
    };
  }
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
    ok: true,
    value: JSON.parse(source),
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
