/** A real process-compose on a unix socket or a free port, with services of a test. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { stringify } from "yaml";

/** How it is started. */
export interface ProcessComposeRigOptions {
  /** From `findProcessCompose`. */
  readonly program: string;
  /** Where its configuration and log go. */
  readonly folder: string;
  /** The value of `processes:`. */
  readonly processes: Readonly<Record<string, object>>;
  /** @default "socket" */
  readonly listen?: "socket" | "port";
  /** `PC_API_TOKEN`. @default none */
  readonly token?: string;
}

/** It may be killed and started again; its address stays. */
export class ProcessComposeRig {
  readonly #options: ProcessComposeRigOptions;
  readonly #port: number;
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();

  private constructor(options: ProcessComposeRigOptions, port: number) {
    this.#options = options;
    this.#port = port;
  }

  /** One that answers. */
  static async start(options: ProcessComposeRigOptions): Promise<ProcessComposeRig> {
    const rig = new ProcessComposeRig(options, options.listen === "port" ? await freePort() : 0);
    await rig.configure(options.processes);
    await rig.start();
    return rig;
  }

  /** For `supervisor.address`. */
  get address(): string {
    const { listen, folder } = this.#options;
    return listen === "port"
      ? `http://127.0.0.1:${this.#port}`
      : `unix:${join(folder, "process-compose.sock")}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Rewrites its configuration; it reads it at its next start. */
  async configure(processes: Readonly<Record<string, object>>): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    const text = stringify({ version: "0.5", is_strict: true, processes });
    await writeFile(join(this.#options.folder, "process-compose.yaml"), text);
  }

  async start(): Promise<void> {
    const { program, folder, listen, token } = this.#options;
    const where =
      listen === "port"
        ? ["--address", "127.0.0.1", "--port", String(this.#port)]
        : ["-U", "--unix-socket", join(folder, "process-compose.sock")];
    const args = ["up", "--tui=false", "--keep-project", "--disable-dotenv", ...where];
    const files = [
      "--config",
      join(folder, "process-compose.yaml"),
      "--log-file",
      join(folder, "pc.log"),
    ];
    const { PC_API_TOKEN: _, PC_API_TOKEN_PATH: __, ...env } = process.env;
    const child = spawn(program, [...args, ...files], {
      cwd: folder,
      env: { ...env, HOME: folder, ...(token !== undefined && { PC_API_TOKEN: token }) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output: string[] = [];
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.on("data", (bytes: Buffer) => output.push(bytes.toString()));
    }
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once("exit", () => resolve()));
    while (!(await this.#answers())) {
      if (child.exitCode !== null) {
        throw new Error(`Cannot start process-compose: it ended\n${output.join("")}`);
      }
    }
  }

  #answers(): Promise<boolean> {
    const { listen, folder } = this.#options;
    const target =
      listen === "port"
        ? { host: "127.0.0.1", port: this.#port }
        : { socketPath: join(folder, "process-compose.sock") };
    return new Promise((resolve) => {
      const call = get({ ...target, path: "/live", agent: false }, (answer) => {
        answer.resume();
        resolve(true);
      });
      // Not at once: it is asked again, and takes a tenth of a second to start.
      call.on("error", () => setTimeout(resolve, 10, false));
    });
  }

  /** Ends it and its services in order. */
  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#ended;
  }
}

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
