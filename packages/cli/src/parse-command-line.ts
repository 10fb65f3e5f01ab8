import { parseArgs } from "node:util";
import { COMMANDS, type CommandName, type CommandRow } from "./commands.js";
import { RecordError } from "./record-error.js";

/** What the command line asks for. */
export type Request =
  | { readonly kind: "help"; readonly command: CommandName | null }
  | { readonly kind: "version" }
  | { readonly kind: "command"; readonly command: CommandName; readonly options: GivenOptions };

/** The options as they were typed: text stays text, so that `1.10` does not become 1.1. */
export class GivenOptions {
  readonly #values: ReadonlyMap<string, string | boolean>;

  constructor(values: Iterable<readonly [string, string | boolean]>) {
    this.#values = new Map(values);
  }

  /** True if the switch was given. */
  has(name: string): boolean {
    return this.#values.get(name) === true;
  }

  /**
   * The option's text, undefined if it was not given.
   *
   * @throws {RecordError} `usage`, if the text is empty.
   */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    if (typeof value !== "string") return undefined;
    if (value.trim() !== "") return value;
    throw new RecordError("usage", `Cannot use --${name}: expected a value, got ""`);
  }

  /**
   * The option's number, undefined if it was not given.
   *
   * @throws {RecordError} `usage`, if it is not a number in the range.
   */
  number(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = Number(text);
    if (number >= min && number <= max) return number;
    throw new RecordError(
      "usage",
      `Cannot use --${name}: expected a number from ${min} to ${max}, got "${text}"`,
    );
  }
}

/**
 * Reads a command line, without `node` and the script.
 *
 * @throws {RecordError} `usage`, for what the tables of commands and options do not hold.
 */
export function parseCommandLine(args: readonly string[]): Request {
  const [first, ...rest] = args;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    return { kind: "help", command: rest[0] !== undefined && isCommand(rest[0]) ? rest[0] : null };
  }
  if (first === "--version" || first === "-v") return { kind: "version" };
  if (!isCommand(first)) {
    throw new RecordError(
      "usage",
      `Cannot run "${first}": expected one of the commands ${Object.keys(COMMANDS).join(", ")}`,
    );
  }
  const { options }: CommandRow = COMMANDS[first];
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { value }]) => [
      name,
      name === "help"
        ? ({ type: "boolean", short: "h" } as const)
        : ({ type: value ? "string" : "boolean" } as const),
    ]),
  );
  let values: Readonly<Record<string, unknown>>;
  try {
    ({ values } = parseArgs({ args: rest, options: config, strict: true }));
  } catch (cause) {
    // Node's text goes on about positional arguments; its first sentence says what is wrong.
    const [sentence] = (cause as Error).message.split(". ");
    throw new RecordError("usage", `Cannot run "${first}": ${sentence}`, { cause });
  }
  if (values.help === true) return { kind: "help", command: first };
  const given = Object.entries(values).flatMap(([name, value]) =>
    typeof value === "string" || typeof value === "boolean" ? [[name, value] as const] : [],
  );
  return { kind: "command", command: first, options: new GivenOptions(given) };
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}
