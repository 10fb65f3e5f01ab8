/**
 * What one command of `tideline` says about itself: the same rows make the parser and the help.
 * Its code is loaded when it runs, so that none pays for another's libraries.
 */
import type { GivenOptions } from "./parse-command-line.js";
import type { Outcome, Terminal } from "./terminal.js";

/** One option. Without `value` it is a switch. */
export interface OptionRow {
  /** The name of its value in the help, for example `"dir"`. */
  readonly value?: string;
  /** What it stands for where its value is left out; without this, it needs one. */
  readonly bare?: string;
  /** True if it may be given several times. */
  readonly isMany?: boolean;
  readonly help: string;
}

/** A word that stands without a dash. */
export interface PositionalRow {
  readonly name: string;
  readonly help: string;
  /** @default false */
  readonly isOptional?: boolean;
  /** True if it and all after it may be several words; only the last may. @default false */
  readonly isMany?: boolean;
}

/** One command. */
export interface Command {
  readonly help: string;
  readonly positionals?: readonly PositionalRow[];
  readonly options: Readonly<Record<string, OptionRow>>;
  readonly examples: readonly string[];
  readonly load: () => Promise<(given: GivenOptions, terminal: Terminal) => Promise<Outcome>>;
}

/** The options that every command has. */
export const EVERYWHERE = {
  json: { help: "Print one JSON object instead of sentences" },
  help: { help: "Show this" },
} as const;

/** What the process exits with. */
export const EXIT_CODES = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  conflict: 4,
  interrupted: 130,
} as const;
