import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { identityOf } from "../../../fleet/src/engine/process-identity.js";
import type { ServiceState } from "../../../fleet/src/supervise/supervisor.js";
import { findProcessCompose } from "../find-process-compose.js";
import { CuttableProxy } from "../process-compose-rig/index.js";
import { untilState } from "../until-state.js";
import { World, type WorldKind } from "./world.js";

const program = await findProcessCompose();
const KINDS: WorldKind[] = program === null ? ["built-in"] : ["built-in", "process-compose"];
const never = new AbortController().signal;
const isReady = (state: ServiceState) => state.isReady === true;

describe.each(KINDS)("row 21, %s", (kind) => {
  let world: World;
  let watching: AbortController;

  beforeAll(async () => {
    world = await World.start(kind, program ?? "", {
      nats: { version: "1.0.0" },
      arc: { version: "1.0.0" },
    });
  });
  afterAll(async () => await world.dispose());
  beforeEach(() => {
    watching = new AbortController();
  });
  afterEach(() => watching.abort());

  it("row 21: one service is restarted with what lies there now, and the pid of the other stays", async () => {
    const client = world.client();
    const before = await untilState(client, "nats", isReady);
    const other = await untilState(client, "arc", isReady);
    await world.swap("nats", { version: "1.0.1" });
    await client.restart("nats", never);
    const after = await untilState(
      client,
      "nats",
      (state) => isReady(state) && state.pid !== before.pid,
    );
    expect(after.restarts).toBe(before.restarts);
    expect((await world.starts("nats")).at(-1)).toBe(`${after.pid} 1.0.1`);
    expect((await client.inspect("arc", never)).pid).toBe(other.pid);
  });

  it("row 21: restarts that are asked for at once come one after the other", async () => {
    const client = world.client();
    const { length } = await world.starts("nats");
    await Promise.all([client.restart("nats", never), client.restart("nats", never)]);
    const { pid } = await untilState(client, "nats", isReady);
    const starts = await world.starts("nats");
    // The first of the two may be ended before it has written a word.
    expect(starts.length - length).toBeGreaterThanOrEqual(1);
    expect(starts.length - length).toBeLessThanOrEqual(2);
    const running = starts.map((line) => Number(line.split(" ")[0]));
    const alive = await Promise.all(running.map(async (started) => await identityOf(started)));
    expect(alive.flatMap((one) => (one.startedAt === null ? [] : [one.pid]))).toEqual([pid]);
  });

  it("row 21: starting what runs does nothing", async () => {
    const client = world.client();
    const before = await untilState(client, "nats", isReady);
    await client.start("nats", never);
    expect(await client.inspect("nats", never)).toEqual(before);
  });

  it("row 21: a name that the supervisor does not have is said so", async () => {
    const client = world.client();
    const unknown = { kind: "unknown-service", message: expect.stringContaining('"gone"') };
    await expect(client.inspect("gone", never)).rejects.toMatchObject(unknown);
    await expect(client.restart("gone", never)).rejects.toMatchObject(unknown);
    await expect(client.start("gone", never)).rejects.toMatchObject(unknown);
    await expect(client.logs("gone", 10, never)).rejects.toMatchObject(unknown);
    await expect(client.watch("gone", () => {}, never)).rejects.toMatchObject(unknown);
  });

  it("row 21: a stream that is cut during the gate is opened again, and nothing is missed", async () => {
    const proxy = await CuttableProxy.start(join(world.folder, "p1.sock"), world.socket);
    const client = world.client(proxy.address);
    const before = await untilState(client, "nats", isReady);
    const states: ServiceState[] = [];
    const opened = proxy.nextStream();
    const watched = client.watch("nats", (state) => states.push(state), watching.signal);
    await opened;
    const again = proxy.nextStream();
    proxy.cutStreams();
    await again;
    await client.restart("nats", never);
    const isNew = (state: ServiceState) => isReady(state) && state.pid !== before.pid;
    await expect.poll(() => states.some(isNew), { timeout: 15_000 }).toBe(true);
    watching.abort();
    await watched;
    proxy.close();
  });

  it("row 21: without any stream the gate looks by itself", async () => {
    const proxy = await CuttableProxy.start(join(world.folder, "p2.sock"), world.socket);
    proxy.refusesStreams = true;
    const client = world.client(proxy.address);
    const before = await untilState(client, "nats", isReady);
    await client.restart("nats", never);
    const after = await untilState(
      client,
      "nats",
      (state) => isReady(state) && state.pid !== before.pid,
    );
    expect(after.isRunning).toBe(true);
    expect(proxy.streams).toBeGreaterThan(0);
    proxy.close();
  });

  it("row 21: a service that is killed under the gate is told as ended, and then as restarted", async () => {
    const client = world.client();
    const before = await untilState(client, "nats", isReady);
    const states: ServiceState[] = [];
    const watched = client.watch("nats", (state) => states.push(state), watching.signal);
    await expect.poll(() => states.length).toBe(1);
    process.kill(before.pid ?? 0, "SIGKILL");
    await expect
      .poll(() => states.at(-1), { timeout: 15_000 })
      .toMatchObject({
        ...{ isReady: true, restarts: before.restarts + 1 },
      });
    expect(states.map((state) => state.pid)).toContain(null);
    watching.abort();
    await watched;
  });

  it("row 21: while the supervisor is down every question says so, and a watch waits for it", async () => {
    const client = world.client();
    const before = await untilState(client, "nats", isReady);
    const states: ServiceState[] = [];
    const watched = client.watch("nats", (state) => states.push(state), watching.signal);
    await expect.poll(() => states.length).toBe(1);
    await world.halt();
    const away = { kind: "unreachable", message: expect.stringContaining("Cannot reach") };
    await expect(client.inspect("nats", never)).rejects.toMatchObject(away);
    await expect(client.restart("nats", never)).rejects.toMatchObject(away);
    await expect(client.start("nats", never)).rejects.toMatchObject(away);
    await expect(client.logs("nats", 10, never)).rejects.toMatchObject(away);
    await expect(client.watch("nats", () => {}, never)).rejects.toMatchObject(away);
    await world.run();
    const isNew = (state: ServiceState) => isReady(state) && state.pid !== before.pid;
    await expect.poll(() => states.some(isNew), { timeout: 15_000 }).toBe(true);
    watching.abort();
    await watched;
  });

  it("row 21: a service that is renamed under the gate ends the watch with its reason", async () => {
    const client = world.client();
    await untilState(client, "nats", isReady);
    const watched = client.watch("nats", () => {}, never);
    const failed = expect(watched).rejects.toMatchObject({ kind: "unknown-service" });
    await world.halt();
    await world.run({ arc: { version: "1.0.0" }, "nats-server": { version: "1.0.0" } });
    await failed;
    await world.halt();
    await world.run({ nats: { version: "1.0.0" }, arc: { version: "1.0.0" } });
  });

  it("row 21: what listens at the address and is no supervisor is named as such", async () => {
    const other = createServer((_, response) => response.writeHead(404).end("Not found"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const client = world.client(`http://127.0.0.1:${port}`);
    await expect(client.inspect("nats", never)).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(/^Cannot use what listens at "http:.*got status 404 for/),
    });
    other.close();
  });

  it("row 21: the newest lines of a service are told, oldest first", async () => {
    const client = world.client();
    await untilState(client, "nats", isReady);
    const lines = await client.logs("nats", 2, never);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^nats .* starts$/);
    expect(lines[1]).toMatch(/^nats .* is ready$/);
  });
});
