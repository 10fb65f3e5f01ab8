import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { record } from "@tideline/cli";
import { startServer } from "@tideline/embedded";

/** An embedded ledger in this process. */
export interface WebLedger {
  readonly url: string;
  /** Makes a version of web live in production; its label is its identity. */
  record(version: string): Promise<void>;
  close(): Promise<void>;
}

const TOKEN = "a-token-that-only-the-rig-knows";

/** Starts a ledger in which nothing is recorded. */
export async function startWebLedger(): Promise<WebLedger> {
  const data = await mkdtemp(join(tmpdir(), "tideline-ledger-"));
  const server = await startServer({
    dir: fileURLToPath(new URL("../../../../convex", import.meta.url)),
    data,
    port: 0,
    sitePort: 0,
    env: { TIDELINE_RECORD_TOKEN: TOKEN },
    log: () => {},
  });
  return {
    url: server.url,
    async record(version) {
      const answer = await record({
        ...{ label: version, appName: "web", environment: "production" },
        ...{ url: server.url, token: TOKEN, cwd: data, env: {} },
      });
      if (!answer.ok) throw new Error(answer.message);
    },
    async close() {
      await server.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}
