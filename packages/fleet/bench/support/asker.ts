import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Address, type AskMessage, type Change, clock } from "./asking-process.js";

const SCRIPT = fileURLToPath(new URL("./asking-process.ts", import.meta.url));

/** A time without a ready service, in ms of {@link clock}. */
export interface Outage {
  /** The last answer "ready" before it. */
  readonly from: number;
  /** The first answer "ready" after it. */
  readonly until: number;
  readonly ms: number;
}

/** Asks a service over and over, from a process of its own. */
export class Asker {
  readonly #child: ChildProcess;
  #ended = false;
  #last: Change | null = null;
  readonly #listeners = new Set<(change: Change) => void>();

  constructor() {
    this.#child = fork(SCRIPT, ["ask"]);
    this.#child.on("message", (change: Change) => {
      this.#last = change;
      for (const listener of this.#listeners) listener(change);
    });
    this.#child.once("exit", () => {
      this.#ended = true;
    });
  }

  /** Asks this one from now on; null: nobody. */
  ask(whom: Address | null): void {
    if (this.#ended) throw new Error("Cannot measure: the client has ended");
    this.#last = null;
    const message: AskMessage = { whom };
    this.#child.send(message);
  }

  /** Resolves with the moment of the first answer "ready" since it was told whom to ask. */
  async ready(): Promise<number> {
    if (this.#last?.answer === "ready") return this.#last.at;
    return (await this.#until(({ answer }) => answer === "ready")).at;
  }

  /** Resolves once the service, ready now, has been away and is ready again. */
  async outage(): Promise<Outage> {
    await this.ready();
    const { beforeAt: from } = await this.#until(({ answer }) => answer !== "ready");
    const { at: until } = await this.#until(({ answer }) => answer === "ready");
    return { from, until, ms: until - from };
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }

  #until(holds: (change: Change) => boolean): Promise<Change> {
    return new Promise((resolve, reject) => {
      const hear = (change: Change) => {
        if (!holds(change)) return;
        this.#listeners.delete(hear);
        clearTimeout(timer);
        resolve(change);
      };
      const timer = setTimeout(
        () => reject(new Error("Cannot measure: the service did not come back within 60 s")),
        60_000,
      );
      this.#listeners.add(hear);
    });
  }
}

export { clock };
