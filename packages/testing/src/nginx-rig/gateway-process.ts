/** The real `tideline-gateway` in a process of its own, to be ended from outside. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../gateway/src/main.ts", import.meta.url));

export interface GatewayProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly port: number;
  /** Everything it wrote so far. */
  output(): string;
  /** How many streams it has, by its own account. */
  clients(): Promise<number>;
  /** Resolves when it has written something that fits. */
  wrote(pattern: RegExp): Promise<void>;
  /** Sends a signal; gives the exit code, null if the signal ended it. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts a gateway for web/production and waits until it listens. */
export async function startGatewayProcess(
  convexUrl: string,
  args: readonly string[] = [],
): Promise<GatewayProcess> {
  const child = spawn(
    process.execPath,
    [
      ...["--conditions=convex", "--import", "tsx", MAIN, "--convex-url", convexUrl],
      ...["--target", "web/production", "--port", "0", ...args],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const look of waiting) look();
    });
  }
  // It outlives a test run that ends without a word.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  void exit.then(() => process.off("exit", kill));
  const wrote = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(output)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void exit.then((code) => reject(new Error(`The gateway ended with ${code}: ${output}`)));
    });
  await wrote(/Gateway listens on http:\S+/);
  const url = /Gateway listens on (http:[^\s,]+)/.exec(output)?.[1] ?? "";
  return {
    child,
    url,
    port: Number(new URL(url).port),
    output: () => output,
    async clients() {
      const health = (await (await fetch(`${url}/healthz`)).json()) as { readonly clients: number };
      return health.clients;
    },
    wrote,
    stop(signal) {
      child.kill(signal);
      return exit;
    },
  };
}
