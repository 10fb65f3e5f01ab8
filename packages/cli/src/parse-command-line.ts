import { parseArgs } from "node:util";
import type { Command, PositionalRow } from "./command.js";
import { CommandError } from "./command-error.js";
import { COMMANDS, type CommandName } from "./commands.js";

/** What the command line asks for. */
export type Request =
  | { readonly kind: "help"; readonly command: CommandName | null }
  | { readonly kind: "version" }
  | { readonly kind: "command"; readonly command: CommandName; readonly options: GivenOptions };

type Given = string | boolean | readonly string[];

/** The options as they were typed: text stays text, so that `1.10` does not become 1.1. */
export class GivenOptions {
  readonly #values: ReadonlyMap<string, Given>;

  constructor(values: Iterable<readonly [string, Given]>) {
    this.#values = new Map(values);
  }

  /** True if the switch was given. */
  has(name: string): boolean {
    return this.#values.get(name) === true;
  }

  /**
   * The text of an option or of a positional, by its name; undefined if it was not given.
   *
   * @throws {CommandError} `usage`, if the text is empty.
   */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    if (typeof value !== "string") return undefined;
    if (value.trim() !== "") return value;
    throw new CommandError("usage", `Cannot use --${name}: expected a value, got ""`);
  }

  /**
   * The texts of an option that may be given several times, or the words of a positional that may
   * be several; empty if there was none.
   *
   * @throws {CommandError} `usage`, if one of them is empty.
   */
  texts(name: string): readonly string[] {
    const value = this.#values.get(name);
    const texts = typeof value === "string" ? [value] : Array.isArray(value) ? value : [];
    if (texts.every((text) => text.trim() !== "")) return texts;
    throw new CommandError("usage", `Cannot use --${name}: expected a value, got ""`);
  }

  /**
   * The option's number, undefined if it was not given.
   *
   * @throws {CommandError} `usage`, if it is not a number in the range.
   */
  number(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = Number(text);
    if (number >= min && number <= max) return number;
    throw new CommandError(
      "usage",
      `Cannot use --${name}: expected a number from ${min} to ${max}, got "${text}"`,
    );
  }
}

/**
 * Reads a command line, without `node` and the script.
 *
 * @throws {CommandError} `usage`, for what the tables of commands and options do not hold.
 */
export function parseCommandLine(args: readonly string[]): Request {
  const [first, ...rest] = args;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    return { kind: "help", command: commandOf(rest)?.name ?? null };
  }
  if (first === "--version" || first === "-v") return { kind: "version" };
  const command = commandOf(args);
  if (command === null) {
    throw new CommandError(
      "usage",
      `Cannot run "${first}": expected one of the commands ${Object.keys(COMMANDS).join(", ")}`,
    );
  }
  return parseOptions(command.name, command.rest);
}

/** The longest name wins: `doctor sse` is a command of its own beside `doctor`. */
function commandOf(
  args: readonly string[],
): { readonly name: CommandName; readonly rest: readonly string[] } | null {
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(" ");
    if (isCommand(name)) return { name, rest: args.slice(words) };
  }
  return null;
}

function parseOptions(name: CommandName, rest: readonly string[]): Request {
  const { options, positionals = [] }: Command = COMMANDS[name];
  const config = Object.fromEntries(
    Object.entries(options).map(([option, { value, isMany = false }]) => [
      option,
      option === "help"
        ? ({ type: "boolean", short: "h" } as const)
        : ({ type: value ? "string" : "boolean", multiple: isMany } as const),
    ]),
  );
  let values: Readonly<Record<string, unknown>>;
  let words: readonly string[];
  try {
    ({ values, positionals: words } = parseArgs({
      args: rest.map((arg, index) => withBareValue(options, arg, rest[index + 1])),
      options: config,
      strict: true,
      allowPositionals: positionals.length > 0,
    }));
  } catch (cause) {
    // Node's text goes on about positional arguments; its first sentence says what is wrong.
    const [sentence] = (cause as Error).message.split(". ");
    throw new CommandError("usage", `Cannot run "${name}": ${sentence}`, { cause });
  }
  if (values.help === true) return { kind: "help", command: name };
  const given = Object.entries(values).flatMap(([option, value]): [string, Given][] =>
    value === undefined ? [] : [[option, value as Given]],
  );
  given.push(...nameWords(name, positionals, words));
  return { kind: "command", command: name, options: new GivenOptions(given) };
}

/** Node's parser knows no option whose value may be left out. */
function withBareValue(options: Command["options"], arg: string, next: string | undefined): string {
  const bare = arg.startsWith("--") ? options[arg.slice(2)]?.bare : undefined;
  return bare !== undefined && (next === undefined || next.startsWith("-"))
    ? `${arg}=${bare}`
    : arg;
}

function nameWords(
  command: CommandName,
  rows: readonly PositionalRow[],
  words: readonly string[],
): [string, Given][] {
  const rest = [...words];
  const named: [string, Given][] = [];
  for (const { name, isMany, isOptional } of rows) {
    const taken = isMany ? rest.splice(0) : rest.splice(0, 1);
    const [word] = taken;
    if (word === undefined) {
      if (isOptional) continue;
      throw new CommandError("usage", `Cannot run "${command}": expected <${name}>, got nothing`);
    }
    named.push([name, isMany ? taken : word]);
  }
  const [surplus] = rest;
  if (surplus === undefined) return named;
  throw new CommandError(
    "usage",
    `Cannot run "${command}": expected ${rows.map(({ name }) => `<${name}>`).join(" ")} and options, got "${surplus}" as well`,
  );
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}
