import { isLoopback, parseCommand, USAGE } from "./arguments.js";
import type { RunningServer, ServerOptions } from "./contract.js";
import { StartError } from "./start-error.js";
import { startServer } from "./start-server.js";
import { VERSION } from "./version.js";

/** Runs the command line to its end; sets the process's exit code. */
export async function runCommand(args: readonly string[]): Promise<void> {
  try {
    const command = parseCommand(args, process.env);
    switch (command.kind) {
      case "help":
        console.log(USAGE);
        return;
      case "version":
        console.log(VERSION);
        return;
      case "serve":
        await serve(command.options);
        return;
      default:
        command satisfies never;
    }
  } catch (error) {
    // An error of the folder's code has lines that show where; anything unforeseen needs its stack.
    const isForeseen = error instanceof StartError || !(error instanceof TypeError);
    console.error(error instanceof Error && isForeseen ? error.message : error);
    process.exitCode = 1;
  }
}

async function serve(options: ServerOptions): Promise<void> {
  const host = options.host ?? "127.0.0.1";
  if (!isLoopback(host)) {
    console.error(
      `Warning: listening on ${host}, so other machines can call every public function without TLS; put a proxy in front, or use 127.0.0.1`,
    );
  }
  const starting = startServer(options);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => void stop(starting));
  }
  await starting;
}

let isStopping = false;

async function stop(starting: Promise<RunningServer>): Promise<void> {
  // Asked twice, it does not wait for what runs; what was acknowledged is on disk.
  if (isStopping) process.exit(130);
  isStopping = true;
  try {
    const server = await starting;
    await server.close();
    process.exit(0);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}
