import { setMaxListeners } from "node:events";
import { EXIT_CODES } from "./commands/terminal.js";
import { endWithGuard } from "./guard/alive.js";
import { run } from "./run.js";

/**
 * Runs `tideline-sync` as this process: its streams, its folder, its environment and its signals,
 * and sets its exit code. The first Ctrl-C or SIGTERM ends what is under way in order; the second
 * ends the process.
 *
 * @param args The command line without `node` and the script.
 */
export async function runCommand(args: readonly string[]): Promise<void> {
  const controller = new AbortController();
  // As many as the machine has subsystems listen to it, which is no leak.
  setMaxListeners(0, controller.signal);
  let signalCode: number = EXIT_CODES.interrupted;
  for (const [signal, code] of [
    ["SIGINT", EXIT_CODES.interrupted],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => {
      signalCode = code;
      controller.abort();
    });
  }
  endWithGuard(() => controller.abort());
  // `tideline-sync check | head -1` closes the pipe; that is no failure of ours.
  process.stdout.on("error", ignoreClosedPipe);
  process.stderr.on("error", ignoreClosedPipe);
  // Whatever ends the process before the command has ended is no success: Node ends with 0, and
  // without a word, when a promise is awaited that nothing can resolve any more.
  process.exitCode = EXIT_CODES.failed;
  process.once("beforeExit", tellUnfinished);
  const exitCode = await run(args, {
    cwd: process.cwd(),
    env: process.env,
    isInteractive: process.stderr.isTTY === true,
    print: (line) => process.stdout.write(`${line}\n`),
    log: (line) => process.stderr.write(`${line}\n`),
    signal: controller.signal,
  });
  process.off("beforeExit", tellUnfinished);
  process.exitCode = exitCode === EXIT_CODES.interrupted ? signalCode : exitCode;
}

function tellUnfinished(): void {
  const { version } = process;
  process.stderr.write(
    `Cannot end the command: it waits for something that never comes (Node ${version}); what it was to do may be half done\n`,
  );
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
