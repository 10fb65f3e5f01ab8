/** `tideline-sync watch` as a process of its own, with real hosts around it. */
import { createHmac, randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FLEET_TOKENS, LedgerRig } from "@tideline/testing/ledger-rig";
import { ReleaseHostRig } from "@tideline/testing/release-host-rig";
import { serviceProgram } from "@tideline/testing/service-program";
import { rawArtifact, SignedFleet } from "@tideline/testing/signed-fleet";
import {
  FLEET_FUNCTIONS,
  platformKey,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { runSync, type SyncProcess, startSync } from "../../../testing/src/sync-process.js";
import { platformHere } from "../artifact/platform-here.js";
import { askLedger } from "../ledger/ask-ledger.js";

const SECRET = "a-secret-of-40-characters-or-so";
const FLEET = new SignedFleet({ now: Date.now() });
const { signal } = new AbortController();

let root: string;
let host: ReleaseHostRig;
let folder: string;
const processes: SyncProcess[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tideline-watch-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(root, "machine-"));
  host = await ReleaseHostRig.start();
});
afterEach(async () => {
  for (const { child, ended } of processes.splice(0)) {
    child.kill("SIGKILL");
    await ended;
  }
  await host.close();
});

/** Two tools that nothing runs, so that an update ends with its swap. */
async function configure(more: object = {}): Promise<void> {
  const subsystem = (name: string) => ({
    ...{ binary: `${name}/.bin/${name}`, service: null, health: { soak: 0 } },
  });
  const config = {
    trust: FLEET.trust,
    releases: { api: host.api, repository: host.repository.name },
    subsystems: { nats: subsystem("nats"), arc: subsystem("arc") },
    ...more,
  };
  await writeFile(join(folder, "sync.config.yaml"), stringify(config));
}

/** Puts a signed release on the release host. */
function publish(
  name: string,
  seq: number,
  version: string,
  change: Partial<ReleaseManifest> = {},
): SignedRelease {
  const { bytes } = serviceProgram({ name, version });
  const tag = `${name}-v${version}`;
  const { id } = host.addRelease({ tag, assets: { [name]: bytes } });
  const artifact = rawArtifact(bytes, [host.downloadUrl(tag, name)]);
  const release = FLEET.sign(
    FLEET.manifest({
      ...{ subsystem: name, seq, version },
      artifacts: { [platformKey(platformHere())]: artifact },
      ...change,
    }),
  );
  host.repository.releases.splice(
    host.repository.releases.findIndex((one) => one.id === id),
    1,
  );
  host.addRelease({
    tag,
    body: `<!-- tideline-release ${JSON.stringify({ subsystem: name, seq })} -->`,
    assets: { [name]: bytes, [`${name}.release.json`]: JSON.stringify(release) },
  });
  return release;
}

async function watch(env: Record<string, string> = {}): Promise<SyncProcess & { port: number }> {
  const started = await startSync(["watch", "--port", "0"], {
    cwd: folder,
    env: { WEBHOOK_SECRET: SECRET, ...env },
  });
  processes.push(started);
  const [, port] = await started.untilLine(/"address":"http:\/\/127\.0\.0\.1:(\d+)"/);
  return { ...started, port: Number(port) };
}

async function deliver(port: number, name: string, id: string = randomUUID()): Promise<number> {
  const body = JSON.stringify({ action: "published" });
  const answer = await fetch(`http://127.0.0.1:${port}/webhook/${name}`, {
    method: "POST",
    headers: {
      "x-hub-signature-256": `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`,
      ...{ "x-github-event": "release", "x-github-delivery": id },
    },
    body,
  });
  return answer.status;
}

const versionOf = async (name: string) =>
  /^version: (.*)$/m.exec(
    await readFile(join(folder, name, ".bin/.version"), "utf8").catch(() => ""),
  )?.[1] ?? null;

async function status() {
  const { stdout } = await runSync(["status", "--json"], { cwd: folder, env: {} });
  return JSON.parse(stdout);
}

describe("without a ledger", () => {
  test("a webhook updates its subsystem alone, and it ends in order at SIGTERM", async () => {
    await configure();
    publish("nats", 1, "1.0.0");
    publish("arc", 1, "1.0.0");
    const service = await watch();
    await service.untilLine(/"event":"committed","subsystem":"nats"/);
    await service.untilLine(/"event":"committed","subsystem":"arc"/);
    publish("nats", 2, "1.1.0");
    publish("arc", 2, "1.1.0");
    const before = host.requests.length;
    expect(await deliver(service.port, "nats", "d-1")).toBe(202);
    await service.untilLine(/"event":"committed","subsystem":"nats","version":"1.1.0"/);
    expect([await versionOf("nats"), await versionOf("arc")]).toEqual(["1.1.0", "1.0.0"]);
    const names = host.requests.slice(before).map(({ path }) => path);
    expect(names.some((path) => path.includes("arc"))).toBe(false);
    await expect.poll(() => deliver(service.port, "nats", "d-1")).toBe(200);

    expect((await status()).watch).toEqual({ pid: service.child.pid });
    service.child.kill("SIGTERM");
    expect(await service.ended).toBe(0);
    expect(service.lines.at(-1)).toMatch(/"event":"ended"/);
    expect((await status()).watch).toBeNull();
  });

  test("a major version waits for approve, which the running service hears of by itself", async () => {
    await configure();
    publish("nats", 1, "1.0.0");
    const service = await watch();
    await service.untilLine(/"event":"committed","subsystem":"nats"/);
    publish("nats", 2, "2.0.0", { updateClass: "major" });
    await deliver(service.port, "nats");
    await service.untilLine(/"event":"waiting","subsystem":"nats".*WAITING_FOR_APPROVAL/);
    expect((await status()).subsystems[0]).toMatchObject({
      target: { seq: 2, version: "2.0.0", mode: "settled" },
      next: { action: "wait", reason: "WAITING_FOR_APPROVAL" },
      nextStep: "`tideline-sync approve nats` lets the major version go",
    });
    const approved = await runSync(["approve", "nats"], { cwd: folder, env: {} });
    expect(approved.lines).toEqual(['2.0.0 (release 2) of "nats" is approved on this machine']);
    await service.untilLine(/"event":"committed","subsystem":"nats","version":"2.0.0"/);
    const again = await runSync(["approve", "nats"], { cwd: folder, env: {} });
    expect([again.code, again.lines]).toEqual([1, ['Nothing of "nats" waits for approval']]);
  });

  test("what was released while it did not run is found at its start", async () => {
    await configure();
    publish("nats", 1, "1.0.0");
    publish("nats", 2, "1.1.0");
    // Nobody trusted has signed it, and it claims to be the newest.
    host.addRelease({
      tag: "nats-v9.9.9",
      body: '<!-- tideline-release {"subsystem":"nats","seq":99} -->',
      assets: {
        "nats.release.json": JSON.stringify(
          new SignedFleet({ now: Date.now() }).sign(FLEET.manifest({ seq: 99, version: "9.9.9" })),
        ),
      },
    });
    const service = await watch();
    await service.untilLine(/"event":"committed","subsystem":"nats","version":"1.1.0"/);
    await service.untilLine(/nats-v9\.9\.9 is left out/);
  });

  test("a host that serves an older state than it did changes nothing", async () => {
    await configure();
    publish("nats", 1, "1.0.0");
    publish("nats", 2, "1.1.0");
    const service = await watch();
    await service.untilLine(/"event":"committed","subsystem":"nats","version":"1.1.0"/);
    host.repository.releases.splice(0, 1);
    await deliver(service.port, "nats");
    await service.untilLine(/nats-v1\.0\.0 is left out: .*expected seq 2 or higher/);
    await expect.poll(() => service.lines.at(-1)).toMatch(/"event":"current","subsystem":"nats"/);
    expect(await versionOf("nats")).toBe("1.1.0");
  });

  test("without a network it says so, keeps what runs, and a redelivery makes up for it", async () => {
    await configure();
    publish("nats", 1, "1.0.0");
    const service = await watch();
    await service.untilLine(/"event":"committed","subsystem":"nats"/);
    publish("nats", 2, "1.1.0");
    const mend = host.fail({ on: "api", kind: "status", status: 404 });
    await deliver(service.port, "nats", "d-2");
    await service.untilLine(/"event":"refresh-failed","subsystem":"nats"/);
    mend();
    await expect.poll(() => deliver(service.port, "nats", "d-2")).toBe(202);
    await service.untilLine(/"event":"committed","subsystem":"nats","version":"1.1.0"/);
  });

  test("two of them do not run on one state folder, nor on one port", async () => {
    await configure();
    const service = await watch();
    const second = await runSync(["watch", "--port", "0"], { cwd: folder, env: {} });
    expect(second.code).toBe(1);
    expect(second.lines.join()).toContain(`got one with pid ${service.child.pid}`);
    expect(second.lines.at(-1)).toMatch(/^next step: Leave that service running/);
    await configure({ state: "another" });
    const third = await runSync(["watch", "--port", String(service.port)], {
      ...{ cwd: folder, env: {} },
    });
    expect(third.code).toBe(1);
    expect(third.lines.join()).toContain(
      `got one that another \`tideline-sync watch\` (pid ${service.child.pid}) listens on`,
    );
  });
});

describe("with a ledger", () => {
  let ledger: LedgerRig;
  let proxy: CountingProxy;
  const env = { TIDELINE_FLEET_READ_TOKEN: FLEET_TOKENS.read };

  beforeEach(async () => {
    ledger = await LedgerRig.create();
    proxy = await CountingProxy.open(Number(new URL(ledger.url).port));
    await configure({ ledger: { url: proxy.url }, releases: null });
    const { code, lines } = await runSync(["enrol", "--json"], {
      ...{ cwd: folder, env: { TIDELINE_FLEET_ENROL_TOKEN: FLEET_TOKENS.enrol } },
    });
    expect(code, lines.join()).toBe(0);
  });
  afterEach(async () => {
    await proxy.close();
    await ledger.dispose();
  });

  async function tell(release: SignedRelease): Promise<void> {
    const args = { token: FLEET_TOKENS.operator, channel: "stable", release };
    const ask = { url: ledger.url, doing: "publish", fetch, signal };
    await askLedger("mutation", FLEET_FUNCTIONS.publishRelease, args, ask);
  }

  test("a release reaches the machine by its one connection, and nothing else goes out", async () => {
    proxy.requests.length = 0;
    const service = await watch(env);
    await service.untilLine(/"event":"ledger-connected"/);
    await tell(publish("nats", 1, "1.0.0"));
    await service.untilLine(/"event":"committed","subsystem":"nats","version":"1.0.0"/);
    // The upgrade to a WebSocket, once; the release host is asked for the one file alone.
    expect(proxy.requests).toEqual([expect.stringMatching(/^GET \/api\/[\d.]+\/sync HTTP\/1\.1$/)]);
    expect(host.requests.map(({ origin }) => origin)).toEqual(["api", "bytes"]);
    const { ledger: shown, subsystems } = await status();
    expect(shown).toMatchObject({ isReachable: null, problem: expect.stringContaining("TOKEN") });
    expect(subsystems[0].live).toMatchObject({ state: "known", version: "1.0.0", seq: 1 });
  });

  test("row 32: while the ledger is away it runs on, and goes by what was said meanwhile", async () => {
    const service = await watch(env);
    await tell(publish("nats", 1, "1.0.0"));
    await service.untilLine(/"event":"committed","subsystem":"nats","version":"1.0.0"/);
    proxy.cut();
    await service.untilLine(/"event":"ledger-away"/);
    await tell(publish("nats", 2, "1.1.0"));
    proxy.mend();
    await service.untilLine(/"event":"committed","subsystem":"nats","version":"1.1.0"/);
    expect(await versionOf("nats")).toBe("1.1.0");
  });

  test("a major version is approved in the ledger for the whole channel", async () => {
    const service = await watch(env);
    await tell(publish("nats", 1, "1.0.0"));
    await service.untilLine(/"event":"committed","subsystem":"nats","version":"1.0.0"/);
    await tell(publish("nats", 2, "2.0.0", { updateClass: "major" }));
    const withoutToken = await runSync(["approve", "nats"], { cwd: folder, env });
    expect(withoutToken.code).toBe(2);
    const approved = await runSync(["approve", "nats"], {
      ...{ cwd: folder, env: { ...env, TIDELINE_FLEET_TOKEN: FLEET_TOKENS.operator } },
    });
    expect(approved.lines).toEqual([
      '2.0.0 (release 2) of "nats" is approved for channel "stable"',
    ]);
    await service.untilLine(/"event":"committed","subsystem":"nats","version":"2.0.0"/);
  });
});

/** What goes between the machine and the ledger; it notes every request line and can be cut. */
class CountingProxy {
  readonly url: string;
  /** The first line of each request. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<{ destroy(): void }>();
  #isCut = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async open(target: number): Promise<CountingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const proxy = new CountingProxy(server, (server.address() as AddressInfo).port);
    server.on("connection", (client) => {
      if (proxy.#isCut) return client.destroy();
      const ledger = connect(target, "127.0.0.1");
      for (const socket of [client, ledger]) {
        proxy.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          proxy.#sockets.delete(socket);
          client.destroy();
          ledger.destroy();
        });
      }
      client.on("data", (bytes) => {
        const [line = ""] = bytes.toString("latin1").split("\r\n", 1);
        if (/ HTTP\/1\.1$/.test(line)) proxy.requests.push(line);
      });
      client.pipe(ledger);
      ledger.pipe(client);
    });
    return proxy;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
