import { readFile } from "node:fs/promises";
import { EXIT_CODES } from "./commands.js";
import type { Env } from "./deployment-options.js";
import { help } from "./help.js";
import { inOwnWords } from "./own-words.js";
import { type GivenOptions, parseCommandLine, type Request } from "./parse-command-line.js";
import { RecordError } from "./record-error.js";
import { runRecord } from "./run-record.js";
import { runStamp } from "./run-stamp.js";

/** Where a command runs and where it writes. */
export interface Terminal {
  readonly cwd: string;
  readonly env: Env;
  /** A line for whoever reads the result. */
  readonly print: (line: string) => void;
  /** A line for whoever watches: warnings, attempts, errors. */
  readonly log: (line: string) => void;
  /** Ends the command early. */
  readonly signal: AbortSignal;
}

/** What a command gives: its exit code, a line for people, and the same as data. */
export interface Outcome {
  readonly exitCode: number;
  readonly text: string;
  readonly json: object;
}

/**
 * Runs `tideline` with a command line. Never throws; what went wrong is one sentence in the log
 * (and, with `--json`, an object on the output) and the exit code.
 *
 * @param args Without `node` and the script.
 * @returns The exit code.
 *
 * @example
 * process.exitCode = await run(["record", "--dist", "dist"], terminal);
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const wantsJson = args.includes("--json");
  try {
    const request = parseCommandLine(args);
    if (request.kind !== "command") {
      terminal.print(await inform(request));
      return EXIT_CODES.done;
    }
    const outcome = await COMMAND_RUNNERS[request.command](request.options, terminal);
    if (wantsJson) terminal.print(JSON.stringify(outcome.json));
    else if (outcome.exitCode === EXIT_CODES.done) terminal.print(outcome.text);
    else terminal.log(outcome.text);
    return outcome.exitCode;
  } catch (error) {
    const { kind, code, ...said } =
      error instanceof RecordError
        ? { kind: error.kind, code: error.code, message: error.message }
        : { kind: "failed" as const, code: null, message: `Cannot go on: ${String(error)}` };
    // A code is the ledger's, and so is the sentence.
    const message = code === null ? said.message : inOwnWords(said.message);
    if (wantsJson) terminal.print(JSON.stringify({ ok: false, kind, code, message }));
    terminal.log(message);
    return EXIT_CODES[kind];
  }
}

const COMMAND_RUNNERS: Readonly<
  Record<"record" | "stamp", (options: GivenOptions, terminal: Terminal) => Promise<Outcome>>
> = { record: runRecord, stamp: runStamp };

async function inform(request: Exclude<Request, { kind: "command" }>): Promise<string> {
  if (request.kind === "help") return help(request.command).trimEnd();
  const json: unknown = JSON.parse(
    await readFile(new URL("../package.json", import.meta.url), "utf8"),
  );
  return String((json as { version?: unknown }).version);
}
