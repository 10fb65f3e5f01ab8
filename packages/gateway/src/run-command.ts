import { parseCommand, USAGE, UsageError } from "./arguments.js";
import { createLog } from "./log.js";
import { StartError } from "./start-error.js";
import { type RunningGateway, startGateway } from "./start-gateway.js";
import { VERSION } from "./version.js";

/**
 * Runs the command line to its end; sets the process's exit code: 2 for a command line that cannot
 * be understood, 1 where it cannot start.
 */
export async function runCommand(args: readonly string[]): Promise<void> {
  // Whoever reads the log may go; the clients stay.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  try {
    const command = parseCommand(args, process.env);
    switch (command.kind) {
      case "help":
        console.log(USAGE);
        return;
      case "version":
        console.log(VERSION);
        return;
      case "serve": {
        const starting = startGateway({
          ...command.options,
          log: createLog({ level: command.level, json: command.json }),
        });
        for (const signal of ["SIGINT", "SIGTERM"] as const) {
          process.on(signal, () => void stop(signal, starting));
        }
        await starting;
        return;
      }
      default:
        command satisfies never;
    }
  } catch (error) {
    const isForeseen = error instanceof UsageError || error instanceof StartError;
    console.error(isForeseen ? error.message : error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

let isStopping = false;

async function stop(signal: NodeJS.Signals, starting: Promise<RunningGateway>): Promise<void> {
  // An impatient person does not wait for the clients; a supervisor that repeats itself does.
  if (isStopping && signal === "SIGINT") process.exit(130);
  if (isStopping) return;
  isStopping = true;
  try {
    const running = await starting;
    await running.stop();
    process.exit(0);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}
