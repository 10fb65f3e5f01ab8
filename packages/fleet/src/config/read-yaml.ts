import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";

/** Keys and indexes from the top of a document to one of its values. */
export type YamlPath = readonly (string | number)[];

/** One thing that is wrong with a file. */
export interface FileProblem {
  /** From 1. */
  readonly line: number;
  /** `expected …, got …`, with the place before it where there is one. */
  readonly sentence: string;
}

/** What a text says, or where it is no YAML. */
export type ReadYaml =
  | { readonly ok: false; readonly problems: readonly FileProblem[] }
  | {
      readonly ok: true;
      readonly value: unknown;
      /** The line of a key or of an item, from 1; that of the nearest thing above it if it is not there. */
      readonly lineOf: (path: YamlPath) => number;
    };

/** Reads one YAML 1.2 document and where everything in it stands. A key that stands twice is a problem. */
export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  const source = text.replace(/^\uFEFF/, "");
  const [document, ...more] = parseAllDocuments(source, {
    lineCounter: lines,
    prettyErrors: false,
  });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  if (document === undefined) {
    return { ok: false, problems: [{ line: 1, sentence: "expected an object, got nothing" }] };
  }
  const problems = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    line: lineAt(pos[0]),
    sentence: `expected YAML, got a mistake: ${message.split("\n")[0]}`,
  }));
  if (more[0] !== undefined) {
    problems.push({
      line: lineAt(more[0].range[0]),
      sentence: 'expected one document, got another after "---"',
    });
  }
  if (problems.length > 0) return { ok: false, problems };
  const places = new Map<string, number>();
  const visit = (node: unknown, path: YamlPath, line: number): void => {
    places.set(JSON.stringify(path), line);
    if (isMap(node)) {
      for (const pair of node.items) {
        if (!isPair(pair) || !isScalar(pair.key)) continue;
        const at = lineAt(pair.key.range?.[0] ?? 0);
        visit(pair.value, [...path, String(pair.key.value)], at);
      }
    } else if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) {
        const at =
          isScalar(item) || isMap(item) || isSeq(item) || isAlias(item) ? item.range : null;
        visit(item, [...path, index], at ? lineAt(at[0]) : line);
      }
    }
  };
  const top = document.contents;
  visit(top, [], top?.range ? lineAt(top.range[0]) : 1);
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // Aliases that multiply each other ("billion laughs"); the library stops at a hundred.
    const sentence = `expected YAML, got a mistake: ${(error as Error).message}`;
    return { ok: false, problems: [{ line: 1, sentence }] };
  }
  const lineOf = (path: YamlPath): number => {
    for (let length = path.length; length >= 0; length--) {
      const line = places.get(JSON.stringify(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  };
  return { ok: true, value, lineOf };
}

/** Says where in the document something is, for the beginning of a sentence: `subsystems.nats.binary: `. */
export function placeName(path: YamlPath): string {
  return path.length === 0 ? "" : `${path.join(".")}: `;
}
