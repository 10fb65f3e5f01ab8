import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findImageTools } from "./find-image-tools.js";

// No image's name: what is asked under it was asked by this file.
const MARK = "tideline-mark-";

/** One request that the registry answered. */
export interface RegistryRequest {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly status: number;
}

/** A registry as its projects run it: docker-registry, on a port of its own, with its data in a temporary folder. */
export class LocalRegistry {
  /** For example `"127.0.0.1:40123"`. */
  readonly host: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #log: { text: string };
  #marks = 0;

  private constructor(host: string, child: ChildProcess, folder: string, log: { text: string }) {
    this.host = host;
    this.#child = child;
    this.#folder = folder;
    this.#log = log;
  }

  /**
   * Starts one.
   *
   * @param options.passwords A file of names and hashed passwords (htpasswd, bcrypt); without it
   *   everybody may read and write.
   */
  static async start(options: { readonly passwords?: string } = {}): Promise<LocalRegistry> {
    const { registry } = await findImageTools();
    const folder = await mkdtemp(join(tmpdir(), "tideline-registry-"));
    const settings = join(folder, "config.json");
    await writeFile(settings, JSON.stringify(configure(folder, options.passwords)));
    const child = spawn(registry, ["serve", settings], { stdio: ["ignore", "pipe", "pipe"] });
    const log = { text: "" };
    const host = new Promise<string>((resolve, reject) => {
      const read = (text: string) => {
        log.text += text;
        const address = /listening on (127\.0\.0\.1:\d+)/.exec(log.text)?.[1];
        if (address !== undefined) resolve(address);
      };
      child.stdout.setEncoding("utf8").on("data", read);
      child.stderr.setEncoding("utf8").on("data", read);
      child.once("error", reject);
      child.once("exit", () => reject(new Error(`Cannot start the registry: ${log.text}`)));
    });
    try {
      return new LocalRegistry(await host, child, folder, log);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** What was asked of it so far. */
  async requests(): Promise<RegistryRequest[]> {
    await this.#settle();
    const lines = this.#log.text.matchAll(/"([A-Z]+) (\/v2\/[^ ?]*)\S* HTTP\/1\.1" (\d{3}) /g);
    return [...lines]
      .map(([, method = "", path = "", status]) => ({ method, path, status: Number(status) }))
      .filter(({ path }) => !path.startsWith(`/v2/${MARK}`));
  }

  /** Those that write: a blob or a manifest. */
  async writes(): Promise<RegistryRequest[]> {
    const requests = await this.requests();
    return requests.filter(({ method }) => method !== "GET" && method !== "HEAD");
  }

  /** The log is a stream of its own: what came before a request of ours is there once that is. */
  async #settle(): Promise<void> {
    this.#marks += 1;
    const path = `/v2/${MARK}${this.#marks}/tags/list`;
    await (await fetch(`http://${this.host}${path}`)).text();
    const streams = [this.#child.stdout, this.#child.stderr].filter((stream) => stream !== null);
    while (!this.#log.text.includes(`GET ${path} `)) {
      await Promise.race(streams.map((stream) => once(stream, "data")));
    }
  }

  /** Ends it, and removes what it held. */
  async dispose(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exit = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await exit;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function configure(folder: string, passwords: string | undefined): object {
  return {
    version: "0.1",
    log: { level: "info", accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
    // It takes a free port, and its log says which.
    http: { addr: "127.0.0.1:0" },
    ...(passwords && { auth: { htpasswd: { realm: "test", path: passwords } } }),
  };
}
