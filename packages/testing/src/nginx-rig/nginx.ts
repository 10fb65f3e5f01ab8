/** A real nginx of its own on loopback, in a temporary folder and without the machine's settings. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A running nginx. */
export interface Nginx {
  /** What it wrote to its error log. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts nginx and waits until it listens.
 *
 * @param options `room`: what stands outside of `http`; `http`: what stands inside.
 */
export async function startNginx(
  program: string,
  { room, http }: { readonly room: string; readonly http: string },
): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), "tideline-nginx-"));
  const config = join(folder, "nginx.conf");
  await writeFile(config, wholeConfig(folder, room, http));
  const child = spawn(program, ["-p", folder, "-c", config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      // It listens before it has workers.
      if (log.includes("start worker process ")) resolve();
    });
    void ended.then(() => reject(new Error(`Cannot start nginx: ${log}`)));
  });
  // Its workers outlive a test run that ends without a word.
  const kill = () => child.kill("SIGTERM");
  process.once("exit", kill);
  return {
    log: () => log,
    async stop() {
      process.off("exit", kill);
      kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Gives a port that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function wholeConfig(folder: string, room: string, http: string): string {
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join("\n");
  // Its workers would be another user, who may not look into this folder.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `daemon off;\npid ${folder}/nginx.pid;\nerror_log stderr notice;\n${user}\n${room}\nhttp {\naccess_log off;\n${places}\n${http}\n}\n`;
}
