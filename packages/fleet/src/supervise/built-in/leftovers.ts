/** Which processes a supervisor has started: what its successor needs when it was killed. */
import { readFile, rm } from "node:fs/promises";
import * as v from "valibot";
import { identityOf, isRunning, type ProcessIdentity } from "../../engine/process-identity.js";
import { replaceFile } from "../../write-file.js";
import { pause } from "../pause.js";
import type { ManagedService } from "./managed-service.js";

const FILE = v.array(
  v.object({
    pid: v.pipe(v.number(), v.integer(), v.minValue(2)),
    startedAt: v.nullable(v.string()),
    bootId: v.nullable(v.string()),
  }),
);

/** Keeps the list of what runs in a file beside the socket. */
export class Leftovers {
  readonly #path: string;
  readonly #identities = new Map<number, ProcessIdentity>();
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Ends what a killed supervisor has left running: its successor is not its parent, so that it could
   * neither hear it end nor read what it writes, and a second one of it would not get its port.
   *
   * @returns The pids that were ended.
   */
  async end(timeoutMs: number): Promise<number[]> {
    const running: ProcessIdentity[] = [];
    for (const identity of await this.#read()) {
      if (await isRunning(identity)) running.push(identity);
    }
    await Promise.all(running.map((identity) => endProcess(identity, timeoutMs)));
    return running.map(({ pid }) => pid);
  }

  /** Writes down what runs now; calls while it writes are one more write. */
  note(services: readonly ManagedService[]): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(services));
    return this.#writing;
  }

  /** Resolves once everything that was noted is on disk. */
  async remove(): Promise<void> {
    await this.#writing.catch(() => {});
    await rm(this.#path, { force: true });
  }

  async #write(services: readonly ManagedService[]): Promise<void> {
    const pids = services.flatMap(({ pid }) => (pid === null ? [] : [pid]));
    const isSame =
      pids.length === this.#identities.size && pids.every((pid) => this.#identities.has(pid));
    if (isSame) return;
    for (const pid of this.#identities.keys()) {
      if (!pids.includes(pid)) this.#identities.delete(pid);
    }
    for (const pid of pids) {
      if (!this.#identities.has(pid)) this.#identities.set(pid, await identityOf(pid));
    }
    await replaceFile(this.#path, JSON.stringify([...this.#identities.values()]));
  }

  async #read(): Promise<readonly ProcessIdentity[]> {
    try {
      const parsed = v.safeParse(FILE, JSON.parse(await readFile(this.#path, "utf8")));
      return parsed.success ? parsed.output : [];
    } catch {
      // No file: the last one ended in order. A file that cannot be read names nobody.
      return [];
    }
  }
}

async function endProcess(identity: ProcessIdentity, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const never = new AbortController().signal;
  let signal: NodeJS.Signals | 0 = "SIGTERM";
  while (await isRunning(identity)) {
    try {
      process.kill(-identity.pid, signal);
    } catch {
      // It has ended meanwhile.
      return;
    }
    await pause(50, never);
    // A second SIGTERM could be read as "at once"; 0 only asks.
    signal = performance.now() > deadline ? "SIGKILL" : 0;
  }
}
