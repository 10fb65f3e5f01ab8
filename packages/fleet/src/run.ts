import { Command, CommanderError } from "commander";
import { Ended } from "./commands/add-command.js";
import { COMMANDS } from "./commands/commands.js";
import { EXIT_CODES, type Terminal } from "./commands/terminal.js";
import { asDiskError } from "./disk-error.js";
import { FailedError } from "./failed-error.js";
import { SyncError } from "./sync-error.js";
import { describeVersion } from "./sync-version.js";
import { UsageError } from "./usage-error.js";

/**
 * Runs `tideline-sync` with a command line. Never throws: what went wrong is one sentence in the
 * log, with `--json` also an object on the output, and the exit code.
 *
 * @param args Without `node` and the script.
 * @returns The exit code; see {@link EXIT_CODES}.
 */
export async function run(
  args: readonly string[],
  terminal: Terminal,
  commands = COMMANDS,
): Promise<number> {
  const program = new Command("tideline-sync")
    .description("Keeps the binaries on this machine up to date, one subsystem at a time")
    .version(describeVersion(), "--version", "say the version, and what it was built from")
    // Else `publish --version 1.2.3` would be a question for ours.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      // It is said below, with everything else that goes wrong.
      writeErr: () => {},
    });
  for (const addTo of commands) addTo(program, terminal);
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT_CODES.done;
  } catch (error) {
    if (error instanceof Ended) return error.exitCode;
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.done;
    const failure = describe(error, program, terminal.signal);
    const { exitCode, reason, message, nextStep, isPlain } = failure;
    if (args.includes("--json")) {
      terminal.print(JSON.stringify({ error: { reason, message, nextStep } }));
    }
    terminal.log(message);
    if (exitCode === EXIT_CODES.refused) terminal.log(`${reason}: ${nextStep}`);
    else if (!isPlain) terminal.log(`next step: ${nextStep}`);
    return exitCode;
  }
}

interface Failure {
  readonly exitCode: number;
  /** A ReasonCode where a rule forbade it. */
  readonly reason: string;
  readonly message: string;
  readonly nextStep: string | null;
  /** True if the message alone says what is to be done. */
  readonly isPlain: boolean;
}

function describe(cause: unknown, program: Command, signal: AbortSignal): Failure {
  // A full disk has the same name, whatever was being written.
  const error = isFullDisk(cause) ? asDiskError(cause, "Cannot go on") : cause;
  if (error instanceof SyncError) {
    const { reason, message, nextStep } = error;
    return { exitCode: EXIT_CODES.refused, reason, message, nextStep, isPlain: false };
  }
  if (error instanceof UsageError) {
    const { message, nextStep } = error;
    if (nextStep === null) return usage(message, "Correct it and run it again");
    return { ...usage(message, nextStep), isPlain: false };
  }
  if (error instanceof CommanderError) {
    // Commander gives the help as an error where no command stands.
    if (error.code === "commander.help") {
      return usage(
        `Cannot run: expected a command, got none\n\n${program.helpInformation().trimEnd()}`,
        "Name a command; `tideline-sync --help` lists them",
      );
    }
    const found = error.message.replace(/^error: /, "");
    const next =
      error.code === "commander.unknownCommand"
        ? "`tideline-sync --help` lists the commands"
        : "Correct it and run it again; `--help` behind the command says what it takes";
    return usage(`Cannot run: ${found}`, next);
  }
  const message = error instanceof Error ? error.message : String(error);
  if (signal.aborted) {
    return {
      exitCode: EXIT_CODES.interrupted,
      reason: "INTERRUPTED",
      message: "Stopped by a signal",
      nextStep: "Run the command again; it goes on from where it was",
      isPlain: false,
    };
  }
  const nextStep = error instanceof FailedError ? error.nextStep : null;
  const isPlain = nextStep === null;
  return { exitCode: EXIT_CODES.failed, reason: "FAILED", message, nextStep, isPlain };
}

function isFullDisk(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "ENOSPC" || code === "EDQUOT";
}

function usage(message: string, nextStep: string): Failure {
  return { exitCode: EXIT_CODES.usage, reason: "USAGE", message, nextStep, isPlain: true };
}
