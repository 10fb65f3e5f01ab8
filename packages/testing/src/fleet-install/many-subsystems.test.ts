/** A machine with more subsystems than Node takes for a leak of listeners. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { startSync } from "../sync-process.js";

const NAMES = Array.from({ length: 20 }, (_, index) => `tool-${index}`);

let folder: string;
let upstream: Server;
beforeAll(async () => {
  // Answers when it was asked for each of them, so that all are waited for at the same time.
  const waiting: ServerResponse[] = [];
  upstream = createServer((_, response) => {
    waiting.push(response);
    if (waiting.length < NAMES.length) return;
    for (const one of waiting.splice(0)) one.writeHead(404).end();
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const { port } = upstream.address() as AddressInfo;
  folder = await mkdtemp(join(tmpdir(), "tideline-many-"));
  const subsystems = NAMES.map((name) => {
    const remotes = [`http://127.0.0.1:${port}/${name}.git`];
    return [name, { binary: `${name}/${name}`, service: null, upstream: { remotes } }];
  });
  await writeFile(
    join(folder, "sync.config.yaml"),
    stringify({ trust: { acceptUnsigned: true }, subsystems: Object.fromEntries(subsystems) }),
  );
});
afterAll(async () => {
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

test("check asks for all of them at once, and Node warns of nothing", async () => {
  const sync = await startSync(["check"], { cwd: folder });
  await sync.ended;
  const said = sync.lines.join("\n");
  for (const name of NAMES) expect(said).toContain(name);
  expect(said).not.toMatch(/Warning/);
});
