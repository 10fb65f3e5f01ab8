import { readFile } from "node:fs/promises";
import { EXIT_CODES } from "./command.js";
import { CommandError } from "./command-error.js";
import { COMMANDS } from "./commands.js";
import { help } from "./help.js";
import { parseCommandLine, type Request } from "./parse-command-line.js";
import { inOwnWords } from "./record/own-words.js";
import type { Terminal } from "./terminal.js";

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
    const execute = await COMMANDS[request.command].load();
    const outcome = await execute(request.options, terminal);
    if (wantsJson) terminal.print(JSON.stringify(outcome.json));
    else if (outcome.exitCode === EXIT_CODES.done) terminal.print(outcome.text);
    else terminal.log(outcome.text);
    return outcome.exitCode;
  } catch (error) {
    const said =
      error instanceof CommandError
        ? error
        : new CommandError("failed", `Cannot go on: ${String(error)}`, { cause: error });
    const { kind, code, details } = said;
    // A code is the ledger's, and so is the sentence.
    const message = code === null ? said.message : inOwnWords(said.message);
    if (wantsJson) terminal.print(JSON.stringify({ ok: false, kind, code, message, ...details }));
    terminal.log(message);
    return EXIT_CODES[kind];
  }
}

async function inform(request: Exclude<Request, { kind: "command" }>): Promise<string> {
  if (request.kind === "help") return help(request.command).trimEnd();
  const json: unknown = JSON.parse(
    await readFile(new URL("../package.json", import.meta.url), "utf8"),
  );
  return String((json as { version?: unknown }).version);
}
