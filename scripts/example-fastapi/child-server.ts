import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { ScriptError } from "../script-error.js";

/** What to run, and how it is called in sentences. */
export interface ChildServerOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Called if it ends without having been stopped. */
  readonly onEnd: (error: ScriptError) => void;
}

/** A server in a process of its own, whose words go where this one's go. */
export interface ChildServer {
  /** Resolves when the address answers, whatever it says; rejects with `signal`. */
  answers(url: string, signal: AbortSignal): Promise<void>;
  /** Ends it; resolves when it is gone. */
  stop(): Promise<void>;
}

// A server that is not there refuses at once, so this is only how late its start is noticed.
const ASK_EVERY_MS = 100;

/** Starts a server. */
export function startChildServer(options: ChildServerOptions): ChildServer {
  const { name, command, args, cwd, env, onEnd } = options;
  let isStopped = false;
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
  const ended = new Promise<void>((resolve) => {
    const end = (reason: string) => {
      if (!isStopped) onEnd(new ScriptError(`The ${name} has ended (${reason})`));
      resolve();
    };
    child.once("error", ({ message }) => end(message));
    child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`));
  });
  return {
    async answers(url, signal) {
      while (!(await isAnswered(url, signal))) await sleep(ASK_EVERY_MS, undefined, { signal });
    },
    async stop() {
      isStopped = true;
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function isAnswered(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
