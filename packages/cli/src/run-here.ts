import { EXIT_CODES } from "./command.js";
import { run } from "./run.js";

/**
 * Runs `tideline` as this process: its streams, its folder, its environment and its signals. The
 * first Ctrl-C ends what is under way in order; the second ends the process.
 *
 * @param args The command line without `node` and the script.
 */
export async function runHere(args: readonly string[]): Promise<void> {
  const controller = new AbortController();
  let signalCode: number | null = null;
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => {
      signalCode = code;
      controller.abort();
    });
  }
  const result = await run(args, {
    cwd: process.cwd(),
    env: process.env,
    print: (line) => process.stdout.write(`${line}\n`),
    log: (line) => process.stderr.write(`${line}\n`),
    signal: controller.signal,
  });
  // A signal that came too late stopped nothing.
  process.exitCode = result === EXIT_CODES.interrupted ? (signalCode ?? result) : result;
}
