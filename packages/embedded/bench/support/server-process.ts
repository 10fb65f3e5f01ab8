/** The real command in a process of its own, to be stopped, killed and measured from outside. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface ServerProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly siteUrl: string;
  /** Everything it wrote so far. */
  output(): string;
  /** Sends a signal; gives the exit code, null if the signal ended it. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `tideline-embedded` and waits until it says where it listens. */
export async function startServerProcess(args: readonly string[]): Promise<ServerProcess> {
  const { child, output, exit } = spawnServer(args);
  const line = /at (http:\S+), HTTP actions at (http:\S+)/;
  const [, url = "", siteUrl = ""] = await new Promise<RegExpExecArray>((resolve, reject) => {
    const look = () => {
      const match = line.exec(output());
      if (match !== null) resolve(match);
    };
    child.stdout?.on("data", look);
    void exit.then((code) => reject(new Error(`Server exited with ${code}: ${output()}`)));
  });
  return {
    child,
    url,
    siteUrl,
    output,
    stop(signal) {
      child.kill(signal);
      return exit;
    },
  };
}

/** Runs `tideline-embedded` to its end. */
export async function runServerProcess(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { output, exit } = spawnServer(args);
  const code = await exit;
  return { code, output: output() };
}

function spawnServer(args: readonly string[]) {
  const child = spawn(process.execPath, ["--conditions=convex", "--import", "tsx", MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, output: () => text, exit };
}
