import { LineCounter, parseAllDocuments } from "yaml";

/** One object for Kubernetes, or one of Kustomize. */
export interface Manifest {
  readonly path: string;
  /** The line of the file that it begins on. */
  readonly line: number;
  readonly kind: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/**
 * Reads the objects in a YAML file that have a `kind`. Templates and files of other tools have none
 * that can be read, and give nothing.
 */
export function readManifests(path: string, text: string): readonly Manifest[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, logLevel: "silent" });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    if (document.errors.length > 0) return [];
    const content: unknown = document.toJS();
    if (typeof content !== "object" || content === null) return [];
    const isKustomization = /(^|\/)kustomization\.ya?ml$/.test(path);
    const { kind = isKustomization ? "Kustomization" : undefined } = content as { kind?: unknown };
    if (typeof kind !== "string") return [];
    const { line } = lines.linePos(document.contents?.range?.[0] ?? 0);
    return [{ path, line, kind, content: content as Record<string, unknown> }];
  });
}

/** Every mapping in a value, outermost first, with the names that lead to it. */
export function* mappingsIn(
  value: unknown,
  names: readonly string[] = [],
): Generator<{
  readonly names: readonly string[];
  readonly mapping: Readonly<Record<string, unknown>>;
}> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield { names, mapping: value as Record<string, unknown> };
  for (const [name, each] of Object.entries(value)) yield* mappingsIn(each, [...names, name]);
}
