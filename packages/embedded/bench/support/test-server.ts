import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunningServer, ServerOptions } from "../../src/index.js";
import { startServer } from "../../src/index.js";

/** The app that tests and benches run. */
export const APP = fileURLToPath(new URL("../app", import.meta.url));

export interface TestServer extends RunningServer {
  readonly data: string;
  readonly lines: readonly string[];
  /** Closes it and deletes its data. */
  dispose(): Promise<void>;
}

/** Starts a server of the bench app on free ports, with its data in a temporary folder. */
export async function startTestServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), "tideline-embedded-")));
  const lines: string[] = [];
  const server = await startServer({
    dir: APP,
    port: 0,
    sitePort: 0,
    log: (line) => void lines.push(line),
    ...options,
    data,
  });
  return {
    ...server,
    data,
    lines,
    async dispose() {
      await server.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}
