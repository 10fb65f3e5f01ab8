/** Which writes make the server run a watching query again: told by its own log of every call. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunningServer } from "@tideline/embedded";
import { startServer } from "@tideline/embedded";
import type { LatestDeployment } from "@tideline/version";
import { FUNCTION_NAMES } from "@tideline/version";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Rig, TOKEN } from "../../../ledger/src/suite/rig.js";
import { officialClient } from "./official-client.js";

const lines: string[] = [];
let data: string;
let server: RunningServer;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), "tideline-woken-"));
  server = await startServer({
    dir: fileURLToPath(new URL("../../../../convex", import.meta.url)),
    data,
    port: 0,
    sitePort: 0,
    env: { TIDELINE_RECORD_TOKEN: TOKEN, TIDELINE_HISTORY_LIMIT: "4" },
    verbose: true,
    log: (line) => lines.push(line),
  });
});
afterAll(async () => {
  await server.close();
  await rm(data, { recursive: true });
});

test("a watching query runs again for its own target's pointer and for its own build alone", async () => {
  const client = officialClient(server.url, server.adminKey);
  const r = new Rig(client);
  const other = new Rig(client);
  await r.record("a");
  await r.record("b");

  const answers: (LatestDeployment | null)[] = [];
  const args = { ...r.name, buildId: "build-a" };
  client.watch?.(FUNCTION_NAMES.watchLatestDeployment, args, (answer) => {
    answers.push(answer as LatestDeployment | null);
  });
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  const runs = () =>
    lines.filter((line) => line.includes(`query ${FUNCTION_NAMES.watchLatestDeployment}`)).length;
  const before = runs();
  expect(before).toBeGreaterThan(0);

  await other.record("a");
  await other.record("b");
  await r.record("c", { environment: "staging" });
  await r.announce("d");
  await r.abort("d");
  // Refused: rows in the history of the watched target, and rows pruned from it.
  for (let i = 0; i < 5; i++) expect(await r.record("a")).toMatchObject({ ok: false });
  expect(await r.story()).toHaveLength(5);
  expect(runs()).toBe(before);

  await r.record("d");
  await vi.waitFor(() => expect(answers.at(-1)?.buildId).toBe("build-d"));
  expect(runs()).toBe(before + 1);
  expect(answers).toHaveLength(2);
  await client.close();
});
