/**
 * The real `tideline-embedded` on this repository's `convex/`, in a process that may be killed and
 * comes back at the same address with the same data.
 */
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { residentKilobytes } from "../../../embedded/bench/support/process-usage.js";
import {
  type ServerProcess,
  startServerProcess,
} from "../../../embedded/bench/support/server-process.js";

const CONVEX = fileURLToPath(new URL("../../../../convex", import.meta.url));
const ADMIN_KEY = "tideline-embedded|of-a-test";

/** The record token that `LedgerProcess.start` sets. */
export const TOKEN = "crash-record-token-0123456789";

export class LedgerProcess {
  readonly data: string;
  readonly #args: readonly string[];
  #process: Promise<ServerProcess>;
  #current: ServerProcess;
  /** What the processes before this one wrote. */
  #earlierOutput = "";

  private constructor(data: string, args: readonly string[], first: ServerProcess) {
    this.data = data;
    this.#args = args;
    this.#current = first;
    this.#process = Promise.resolve(first);
  }

  /**
   * Starts a server with empty data and the record token.
   *
   * @param options `dir`: another folder of functions. `variables`: set besides, or instead of, the
   *   token; null leaves one unset. `args`: of the command, besides.
   */
  static async start(
    options: {
      readonly dir?: string;
      readonly variables?: Readonly<Record<string, string | null>>;
      readonly args?: readonly string[];
    } = {},
  ): Promise<LedgerProcess> {
    const data = await mkdtemp(join(tmpdir(), "tideline-crash-"));
    const { dir = CONVEX, variables = {}, args: more = [] } = options;
    const args = ["--dir", dir, "--data", data, "--admin-key", ADMIN_KEY, ...more];
    const first = await startServerProcess([...args, "--port", "0", "--site-port", "0"]);
    const server = new LedgerProcess(data, args, first);
    await server.setVariables({ TIDELINE_RECORD_TOKEN: TOKEN, ...variables });
    return server;
  }

  /** The same over restarts. */
  get url(): string {
    return this.#current.url;
  }

  get siteUrl(): string {
    return this.#current.siteUrl;
  }

  get rssKilobytes(): number {
    return residentKilobytes(this.#current.child.pid ?? 0);
  }

  /** How many files and connections the server holds open. */
  get openFiles(): number {
    return readdirSync(`/proc/${this.#current.child.pid}/fd`).length;
  }

  /** Everything that the server wrote, over all its restarts. */
  get output(): string {
    return this.#earlierOutput + this.#current.output();
  }

  /** True while the process that was started last has not ended. */
  get isAlive(): boolean {
    const { exitCode, signalCode } = this.#current.child;
    return exitCode === null && signalCode === null;
  }

  /** Settles when the server runs; at once unless it is being started again. */
  async running(): Promise<void> {
    await this.#process;
  }

  /** Ends the process with a signal and starts it again at the same address. */
  restart(signal: NodeJS.Signals): Promise<void> {
    this.#process = this.stop(signal).then(() => this.#startAgain());
    return this.running();
  }

  /** Ends the process with a signal; its data stays. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    await this.#current.stop(signal);
  }

  /** Starts a stopped server again at the same address. */
  start(): Promise<void> {
    this.#process = this.#startAgain();
    return this.running();
  }

  /** Sets (string) or removes (null) variables of the deployment. */
  async setVariables(variables: Readonly<Record<string, string | null>>): Promise<void> {
    const changes = Object.entries(variables).map(([name, value]) => ({ name, value }));
    const response = await fetch(`${this.url}/api/update_environment_variables`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Convex ${ADMIN_KEY}` },
      body: JSON.stringify({ changes }),
    });
    if (!response.ok) throw new Error(`Cannot set variables: ${await response.text()}`);
  }

  /** Ends the process and deletes its data. */
  async dispose(): Promise<void> {
    await this.#current.stop("SIGKILL");
    await rm(this.data, { recursive: true, force: true });
  }

  async #startAgain(): Promise<ServerProcess> {
    const ports = [
      ["--port", new URL(this.url).port],
      ["--site-port", new URL(this.siteUrl).port],
    ].flat();
    const next = await startServerProcess([...this.#args, ...ports]);
    this.#earlierOutput += this.#current.output();
    this.#current = next;
    return next;
  }
}
