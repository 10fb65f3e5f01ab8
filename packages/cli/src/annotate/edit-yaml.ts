/**
 * Changes values in a YAML text and leaves every other character as it is. The library's own writer
 * would give the whole file another shape: indents, quotes, line breaks.
 */
import { isAlias, isMap, isScalar, type Node, type Pair, type YAMLMap } from "yaml";

/** One replacement; positions are of the text before any of them. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Values by key, nested as the maps that they go into. */
export interface Wish {
  readonly [key: string]: string | Wish;
}

/** Says that a value stands where it cannot be changed; `node` is where. */
export class UneditableError extends Error {
  override readonly name = "UneditableError";
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Gives the edits that bring a map to hold the wished values; none where it does already.
 *
 * @throws {UneditableError} If one of them stands where an alias (`*name`) or no map is.
 */
export function editMap(text: string, map: YAMLMap, wish: Wish): Edit[] {
  const edits: Edit[] = [];
  const missing: [string, string | Wish][] = [];
  for (const [key, wished] of Object.entries(wish)) {
    const pair = findPair(map, key);
    if (pair === undefined) missing.push([key, wished]);
    else edits.push(...editPair(text, pair, key, wished));
  }
  // First: where both end at the same place, what belongs deeper has to stand before it.
  return missing.length > 0 ? [insert(text, map, missing), ...edits] : edits;
}

/** Applies edits that do not overlap. Of two insertions at one place the later one stands first. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const edit of [...edits].sort((a, b) => b.start - a.start)) {
    result = result.slice(0, edit.start) + edit.text + result.slice(edit.end);
  }
  return result;
}

/** Gives the pair of a key, without those that a merge (`<<`) brings. */
export function findPair(map: YAMLMap, key: string): Pair<Node, Node | null> | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key) as
    | Pair<Node, Node | null>
    | undefined;
}

function editPair(
  text: string,
  { key: keyNode, value }: Pair<Node, Node | null>,
  key: string,
  wished: string | Wish,
): Edit[] {
  const keyEnd = keyNode.range?.[1] ?? 0;
  const isEmpty = value === null || (isScalar(value) && value.value === null);
  if (isEmpty) {
    const [start, end] = value?.range ?? [keyEnd + 1, keyEnd + 1];
    const before = text[start - 1] === ":" ? " " : "";
    return [{ start, end, text: `${before}${flow(wished)}` }];
  }
  const [start, end] = rangeOf(value);
  if (isAlias(value)) {
    throw new UneditableError(`expected "${key}" to stand here itself, got an alias`, start);
  }
  if (typeof wished === "string") {
    if (!isScalar(value)) throw new UneditableError(`expected text in "${key}", got more`, start);
    if (value.value === wished) return [];
    // A block scalar's end is that of its last line.
    const after = text.slice(start, end).endsWith("\n") ? "\n" : "";
    return [{ start, end, text: `${quoteLike(text.slice(start, end), wished)}${after}` }];
  }
  if (isMap(value)) return editMap(text, value, wished);
  throw new UneditableError(`expected a map in "${key}", got something else`, start);
}

function insert(text: string, map: YAMLMap, missing: readonly [string, string | Wish][]): Edit {
  const last = map.items.at(-1);
  if (map.flow) {
    const [start, end] = rangeOf(map);
    const at = last === undefined ? start + 1 : endOf(last as Pair<Node, Node | null>);
    const words = missing.map(([key, value]) => `${key}: ${flow(value)}`).join(", ");
    // Without an end the text would be no YAML, and nobody would come here.
    return { start: at, end: at, text: last === undefined || at >= end ? words : `, ${words}` };
  }
  const first = map.items[0] as Pair<Node, Node | null> | undefined;
  const indent = columnOf(text, first?.key.range?.[0] ?? 0);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = missing.flatMap(([key, value]) => block(key, value, indent));
  const valueEnd = endOf(last as Pair<Node, Node | null>);
  if (text[valueEnd - 1] === "\n") {
    const added = lines.map((line) => `${line}${newline}`).join("");
    return { start: valueEnd, end: valueEnd, text: added };
  }
  // After the comment that stands behind the last value, if there is one.
  const lineEnd = /\r?\n|$/.exec(text.slice(valueEnd))?.index ?? 0;
  const at = valueEnd + lineEnd;
  return { start: at, end: at, text: lines.map((line) => `${newline}${line}`).join("") };
}

function block(key: string, value: string | Wish, indent: number): string[] {
  const head = `${" ".repeat(indent)}${key}:`;
  if (typeof value === "string") return [`${head} ${JSON.stringify(value)}`];
  return [head, ...Object.entries(value).flatMap(([name, one]) => block(name, one, indent + 2))];
}

function flow(value: string | Wish): string {
  if (typeof value === "string") return JSON.stringify(value);
  const words = Object.entries(value).map(([key, one]) => `${key}: ${flow(one)}`);
  return `{ ${words.join(", ")} }`;
}

/** The text as the one before it was written, where that can hold it. */
function quoteLike(before: string, text: string): string {
  if (before.startsWith("'") && !text.includes("'")) return `'${text}'`;
  // What begins so and has a slash is no number, date or word with a meaning of its own.
  const isPlain = /^[a-z][\w.-]*(?::\d+)?\/[\w./:@-]*\w$/i.test(text);
  return /^[\w/]/.test(before) && isPlain ? text : JSON.stringify(text);
}

/** Where a pair's text ends, without the comments and empty lines after it. */
function endOf({ key, value }: Pair<Node, Node | null>): number {
  if (value === null) return (key.range?.[1] ?? 0) + 1;
  const last = (isMap(value) || "items" in value) && !(value as YAMLMap).flow;
  if (last) {
    const items = (value as unknown as { items: readonly unknown[] }).items;
    const item = items.at(-1);
    if (item !== undefined) {
      const isPair = typeof item === "object" && item !== null && "key" in item;
      return isPair ? endOf(item as Pair<Node, Node | null>) : endOfItem(item as Node);
    }
  }
  return rangeOf(value)[1];
}

function endOfItem(node: Node): number {
  if (!("items" in node) || (node as YAMLMap).flow) return rangeOf(node)[1];
  return endOf({ key: node, value: node } as unknown as Pair<Node, Node | null>);
}

function rangeOf(node: Node): [start: number, end: number] {
  const [start = 0, end = 0] = node.range ?? [];
  return [start, end];
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf("\n", offset - 1) + 1);
}
