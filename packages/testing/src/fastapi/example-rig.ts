/** examples/fastapi, started and deployed by its own scripts beside a ledger that a test owns. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@tideline/embedded";
import { REPOSITORY } from "../../../../scripts/build-app.js";
import type { RunningExample } from "../../../../scripts/example-fastapi/example-state.js";
import { NOTHING_EXPORTED } from "../deploy-script/nothing-exported.js";

const TOKEN = "a-token-that-only-the-rig-knows";
const EXAMPLE = join(REPOSITORY, "examples/fastapi");

/** The running example. */
export class ExampleRig {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #child: ChildProcess;
  readonly #closeLedger: () => Promise<void>;
  readonly #waiting = new Set<() => void>();
  #said = "";
  #addresses: RunningExample | null = null;

  private constructor(
    folder: string,
    env: NodeJS.ProcessEnv,
    version: string,
    closeLedger: () => Promise<void>,
  ) {
    this.#folder = folder;
    this.#env = env;
    this.#closeLedger = closeLedger;
    const free = ["--port", "0", "--gateway-port", "0", "--data", folder];
    this.#child = spawn(join(EXAMPLE, "run.sh"), free, {
      env: { ...env, SPOT_VERSION: version },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, as in a terminal, whose Ctrl-C goes to all of it.
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#said += text;
        for (const check of this.#waiting) check();
      });
    }
    this.#child.once("exit", () => {
      for (const check of this.#waiting) check();
    });
  }

  /** Starts a ledger and the example; resolves when the first version is recorded. */
  static async start(version: string): Promise<ExampleRig> {
    const folder = await mkdtemp(join(tmpdir(), "tideline-fastapi-"));
    const ledger = await startServer({
      dir: join(REPOSITORY, "convex"),
      data: join(folder, "ledger"),
      port: 0,
      sitePort: 0,
      env: { TIDELINE_RECORD_TOKEN: TOKEN },
      log: () => {},
    });
    const env = {
      ...process.env,
      ...NOTHING_EXPORTED,
      CONVEX_URL: ledger.url,
      TIDELINE_RECORD_TOKEN: TOKEN,
    };
    const rig = new ExampleRig(folder, env, version, () => ledger.close());
    try {
      await rig.says("Ctrl-C stops it");
      rig.#addresses = JSON.parse(await readFile(join(folder, "running.json"), "utf8"));
      return rig;
    } catch (error) {
      await rig.dispose();
      throw error;
    }
  }

  /** Where the page and its gateway are. */
  get addresses(): RunningExample {
    if (this.#addresses === null) throw new Error("The example was not started");
    return this.#addresses;
  }

  /** Everything that the example has written, its gateway's log included. */
  get log(): string {
    return this.#said;
  }

  /** Resolves when the example has written a text. */
  says(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (this.#said.includes(text)) resolve();
        else if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
          reject(new Error(`Cannot hear "${text}": the example has ended: ${this.#said}`));
        } else return;
        this.#waiting.delete(check);
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Runs deploy.sh; gives what it said. */
  async deploy(version: string): Promise<string> {
    return await new Promise((resolve, reject) => {
      const env = { ...this.#env, SPOT_VERSION: version };
      const args = ["--data", this.#folder];
      execFile(join(EXAMPLE, "deploy.sh"), args, { env }, (error, stdout, stderr) => {
        if (error === null) resolve(`${stdout}${stderr}`);
        else reject(new Error(`Cannot deploy: ${stdout}${stderr}`, { cause: error }));
      });
    });
  }

  /** Presses Ctrl-C; gives the exit code. */
  async interrupt(): Promise<number | null> {
    const { pid, exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null && pid !== undefined) {
      const ended = once(this.#child, "exit");
      process.kill(-pid, "SIGINT");
      await ended;
    }
    return this.#child.exitCode;
  }

  async dispose(): Promise<void> {
    await this.interrupt();
    await this.#closeLedger();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
