import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer } from "@tideline/embedded";
import { describeLedger } from "../../../ledger/src/suite/ledger.suite.js";
import { officialClient } from "./official-client.js";

describeLedger(
  "the embedded server",
  async () => {
    const data = await mkdtemp(join(tmpdir(), "tideline-ledger-"));
    const server = await startServer({
      dir: fileURLToPath(new URL("../../../../convex", import.meta.url)),
      data,
      port: 0,
      sitePort: 0,
      // A mutation that the suite makes fail is no news.
      log: () => {},
    });
    const client = officialClient(server.url, server.adminKey);
    return {
      ...client,
      fetch: (path, init) => fetch(`${server.siteUrl}${path}`, init),
      async close() {
        await client.close();
        await server.close();
        await rm(data, { recursive: true });
      },
    };
  },
  { canWatch: true, canFetch: true },
);
