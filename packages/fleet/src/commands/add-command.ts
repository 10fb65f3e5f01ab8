import type { Command } from "commander";
import { loadConfig } from "../config/load-config.js";
import type { SyncConfig } from "../config/sync-config.js";
import { SyncError } from "../sync-error.js";
import { EXIT_CODES, type Outcome, type Terminal } from "./terminal.js";

/** Adds one command to the program. */
export type AddCommand = (program: Command, terminal: Terminal) => void;

/** How a command was called. */
export interface Call<Options extends object> {
  /** What stands after the command's name, in the order of its arguments. */
  readonly words: readonly (string | undefined)[];
  readonly options: Options & { readonly config?: string; readonly json?: true };
  readonly terminal: Terminal;
  /**
   * Reads `sync.config.yaml`: the one of `--config`, else the nearest from the present folder up.
   *
   * @throws {UsageError} If there is none, or with everything that is wrong with it.
   */
  readonly config: () => Promise<SyncConfig>;
}

/** A command of `tideline-sync`. */
export interface CommandSpec<Options extends object> {
  /** The name with its arguments, as commander reads it: `"check [subsystem]"`. */
  readonly usage: string;
  readonly summary: string;
  /** Command lines as people type them, for the end of the help. */
  readonly examples: readonly string[];
  /** True: its text is what was asked for, and goes to stdout whatever the exit code says. @default false */
  readonly isReport?: true;
  /** Adds options besides `--config` and `--json`. */
  readonly options?: (command: Command) => Command;
  readonly run: (call: Call<Options>) => Promise<Outcome>;
}

/**
 * Gives an {@link AddCommand} with `--config`, `--json` and the examples of the help. What the
 * command throws is said by run.ts, so that it only needs to throw.
 *
 * @example
 * export const addCheck = addCommand<{ fresh?: true }>({
 *   usage: "check [subsystem]",
 *   summary: "Say which subsystems have an update",
 *   examples: ["tideline-sync check --json nats"],
 *   options: (command) => command.option("--fresh", "ask every remote"),
 *   run: async ({ words: [subsystem], options, config }) => ({ text: "…", json: {} }),
 * });
 */
export function addCommand<Options extends object>({
  usage,
  summary,
  examples,
  options: addOptions = (command) => command,
  isReport,
  run,
}: CommandSpec<Options>): AddCommand {
  return (program, terminal) => {
    const lines = examples.map((example) => `  ${example}`).join("\n");
    const command = addOptions(program.command(usage).description(summary))
      .option("--config <file>", "the configuration (default: the nearest sync.config.yaml)")
      .option("--json", "give the result as one JSON object")
      .addHelpText("after", `\nExamples:\n${lines}`);
    command.action(async () => {
      const options = command.opts<Call<Options>["options"]>();
      const words = command.processedArgs as (string | undefined)[];
      const outcome = await run({
        words,
        options,
        terminal,
        config: () => loadConfig(options.config ?? terminal.cwd, terminal.cwd),
      }).catch((error: unknown) => {
        // The next step is to be typed as it stands.
        const about = command.registeredArguments.findIndex((one) => one.name() === "subsystem");
        if (error instanceof SyncError) error.subsystem ??= words[about] ?? null;
        throw error;
      });
      const { exitCode = EXIT_CODES.done, text, json } = outcome;
      if (options.json) terminal.print(JSON.stringify(json));
      else if (text !== "") {
        (isReport === true || exitCode === EXIT_CODES.done ? terminal.print : terminal.log)(text);
      }
      if (exitCode !== EXIT_CODES.done) throw new Ended(exitCode);
    });
  };
}

/** Carries the exit code of a command that has said everything already. */
export class Ended extends Error {
  override readonly name = "Ended";
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`Cannot go on: the command ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}
