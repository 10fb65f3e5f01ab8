/** One server and its crowd, each in a process of its own, as the bench sees them. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { cpuSeconds } from "../../../embedded/bench/support/process-usage.js";
import type { Arrivals, CrowdCommand } from "./crowd.js";
import { PATH } from "./news.js";
import type { ServerCommand, Weight } from "./serve-bench.js";

// No step takes a tenth of it, even on a busy machine: something hangs.
const PATIENCE_MS = 30_000;

/** What one change cost. */
export interface Round {
  /** From the moment at which the server was told, in ms. */
  readonly lastMs: number;
  readonly p99Ms: number;
  /** Of the server's process, all threads. */
  readonly cpuSeconds: number;
  readonly bytes: number;
}

/** A server with clients. */
export class Lane {
  readonly name: string;
  readonly #server: ChildProcess;
  readonly #crowd: ChildProcess;
  readonly #port: number;
  #count = 0;

  private constructor(name: string, server: ChildProcess, port: number) {
    this.name = name;
    this.#server = server;
    this.#port = port;
    this.#crowd = start("crowd.ts");
  }

  /** Starts `support/<file>` and waits until it listens. */
  static async open(name: string, file: string, options: object = {}): Promise<Lane> {
    const server = start(file, JSON.stringify(options));
    return new Lane(name, server, await answerOf<number>(server));
  }

  /** Opens streams until there are so many, of clients that run so many builds. */
  async growTo(count: number, builds = 1): Promise<void> {
    const open = count - this.#count;
    await this.#askCrowd({ open, port: this.#port, path: PATH, builds });
    this.#count = count;
  }

  /** Tells all clients something new, and measures. */
  async tell(): Promise<Round> {
    const text = `m${Math.random().toString(36).slice(2, 14).padEnd(12, "0")}`;
    let startedAt = 0;
    const { arrivals, cpuSeconds } = await this.hear(text, async () => {
      startedAt = await this.#askServer<number>({ tell: text });
    });
    const { lastAt, p99At, bytes } = arrivals;
    return { lastMs: lastAt - startedAt, p99Ms: p99At - startedAt, cpuSeconds, bytes };
  }

  /** Does something and waits until every client has heard an event with a text in it. */
  async hear(
    text: string,
    cause: () => Promise<void> = async () => {},
  ): Promise<{ readonly arrivals: Arrivals; readonly cpuSeconds: number }> {
    await this.#askCrowd({ await: text });
    const arrived = answerOf<Arrivals>(this.#crowd);
    const before = this.cpuSeconds();
    const [arrivals] = await Promise.all([arrived, cause()]);
    // What it puts off until after the writing is part of the cost.
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { arrivals, cpuSeconds: this.cpuSeconds() - before };
  }

  /** CPU seconds of the server until now. */
  cpuSeconds(): number {
    return cpuSeconds(this.#server.pid ?? 0);
  }

  /** What the server holds after garbage was collected. */
  weigh(): Promise<Weight> {
    return this.#askServer<Weight>({ weigh: true });
  }

  /** Ends both processes. */
  close(): void {
    // First the clients, who take the end of a stream for a fault.
    for (const child of [this.#crowd, this.#server]) child.kill("SIGKILL");
  }

  #askServer<Answer>(command: ServerCommand): Promise<Answer> {
    return ask(this.#server, command);
  }

  #askCrowd(command: CrowdCommand): Promise<unknown> {
    return ask(this.#crowd, command);
  }
}

function start(file: string, ...args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
}

function ask<Answer>(child: ChildProcess, command: object): Promise<Answer> {
  const answer = answerOf<Answer>(child);
  child.send(command);
  return answer;
}

function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void) => {
      clearTimeout(timer);
      child.off("message", onMessage).off("exit", onExit);
      act();
    };
    const onMessage = (answer: unknown) => finish(() => resolve(answer as Answer));
    const onExit = () => finish(() => reject(new Error("Cannot go on: a process has ended")));
    const timer = setTimeout(
      () => finish(() => reject(new Error(`Cannot go on: no answer within ${PATIENCE_MS} ms`))),
      PATIENCE_MS,
    );
    child.once("message", onMessage).once("exit", onExit);
  });
}
