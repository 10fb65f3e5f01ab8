/** A machine and the real ledger: the functions of this repository behind the embedded server. */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FLEET_TOKENS, LedgerRig } from "@tideline/testing/ledger-rig";
import { SignedFleet } from "@tideline/testing/signed-fleet";
import {
  type AttemptReport,
  FLEET_FUNCTIONS,
  type FleetTarget,
  type FleetView,
  type ReportedState,
} from "@tideline/version/fleet";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseConfig } from "../config/parse-config.js";
import type { SyncConfig } from "../config/sync-config.js";
import { openTrustStore } from "../open-trust-store.js";
import { askLedger } from "./ask-ledger.js";
import { type ConvexLedger, openConvexLedger } from "./convex-ledger.js";
import { enrol } from "./enrol.js";
import { noteHeard } from "./heard-targets.js";
import { noteSeen } from "./ledger-seen.js";
import { readMachine } from "./machine-file.js";
import { firstTargets, openLedger, openLedgerNow } from "./open-ledger.js";
import { listReports } from "./report-folder.js";

const FLEET = new SignedFleet({ now: Date.now() });
const ENV = {
  TIDELINE_FLEET_READ_TOKEN: FLEET_TOKENS.read,
  TIDELINE_FLEET_TOKEN: FLEET_TOKENS.operator,
};

let root: string;
let rig: LedgerRig;
let log: string[];
let controller: AbortController;
const opened: ConvexLedger[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tideline-fleet-ledger-"));
  rig = await LedgerRig.create();
});
afterAll(async () => {
  await rig.dispose();
  await rm(root, { recursive: true, force: true });
});
beforeEach(() => {
  log = [];
  controller = new AbortController();
});
afterEach(async () => {
  controller.abort();
  await Promise.all(opened.splice(0).map((ledger) => ledger.close()));
});

let machines = 0;

async function newConfig(url = rig.url, channel = "stable"): Promise<SyncConfig> {
  const folder = await mkdtemp(join(root, "machine-"));
  machines++;
  const text = `ledger: { url: "${url}" }\nmachine: { name: m${machines}, channel: ${channel} }\nsubsystems: { nats: { binary: nats/nats }, arc: { binary: arc/arc } }\n`;
  const parsed = parseConfig(text, join(folder, "sync.config.yaml"), "host");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

async function enrolIt(config: SyncConfig, enrolToken: string = FLEET_TOKENS.enrol) {
  const { name, channel } = config.machine;
  const { url = "" } = config.ledger ?? {};
  return await enrol(
    { state: config.state, enrolToken, name, channel, platform: "linux-x64-glibc" },
    { url, fetch, signal: controller.signal },
  );
}

async function optionsOf(config: SyncConfig) {
  return {
    ...{ config, env: ENV, trust: await openTrustStore(config), fetch, now: Date.now },
    log: (line: string) => void log.push(line),
    signal: controller.signal,
  };
}

async function openIt(config: SyncConfig): Promise<ConvexLedger> {
  const { ledger } = await openLedger(await optionsOf(config));
  if (ledger.kind !== "convex") throw new Error("Expected the Convex ledger");
  opened.push(ledger);
  return ledger;
}

/** What it hears, until it hears what is awaited. */
function hears(
  ledger: ConvexLedger,
  isAwaited: (target: FleetTarget) => boolean,
): Promise<FleetTarget> {
  return new Promise((resolve) => {
    ledger.watchTargets((targets) => {
      const found = targets.find(isAwaited);
      if (found !== undefined) resolve(found);
    }, controller.signal);
  });
}

let seq = 0;
function release(subsystem = "nats") {
  seq++;
  return FLEET.sign(FLEET.manifest({ subsystem, seq, version: `2.10.${seq}` }));
}

function report(state: ReportedState, subsystem = "nats", number = seq): AttemptReport {
  return {
    ...{ subsystem, seq: number, version: `2.10.${number}`, generation: 1, state },
    ...{ reason: null, detail: null, runningSha256: null, at: Date.now() },
  };
}

async function view(): Promise<FleetView> {
  const ask = { url: rig.url, doing: "look", fetch, signal: controller.signal };
  return (await askLedger(
    "query",
    FLEET_FUNCTIONS.watchFleet,
    { token: FLEET_TOKENS.view },
    ask,
  )) as FleetView;
}

function connection(ledger: ConvexLedger, isConnected: boolean): Promise<void> {
  if (ledger.state().isConnected === isConnected) return Promise.resolve();
  return new Promise((resolve) => {
    ledger.onConnection((is) => {
      if (is === isConnected) resolve();
    }, controller.signal);
  });
}

describe("enrolling", () => {
  test("the ledger knows the machine, and its key stays here, readable by its owner alone", async () => {
    const config = await newConfig();
    const machine = await enrolIt(config);
    expect(await readMachine(config.state)).toMatchObject({ machineId: machine.machineId });
    expect((await view()).machines.map(({ name }) => name)).toContain(config.machine.name);
    expect((await stat(join(config.state, "machine.json"))).mode & 0o777).toBe(0o600);
    const text = await readFile(join(config.state, "machine.json"), "utf8");
    for (const token of Object.values(FLEET_TOKENS)) expect(text).not.toContain(token);
  });

  test("done again it is the same machine, with its new name", async () => {
    const config = await newConfig();
    const { machineId } = await enrolIt(config);
    const renamed = { ...config, machine: { ...config.machine, name: "renamed" } };
    expect((await enrolIt(renamed)).machineId).toBe(machineId);
    const found = (await view()).machines.find((one) => one.machineId === machineId);
    expect(found?.name).toBe("renamed");
  });

  test("with another token nothing is enrolled, and the next try uses the same key", async () => {
    const config = await newConfig();
    await expect(enrolIt(config, "another-token-altogether")).rejects.toMatchObject({
      reason: "TOKEN_REFUSED",
      message: `Cannot enrol: expected TIDELINE_FLEET_ENROL_TOKEN to be a token that the ledger at ${rig.url} takes, got another`,
    });
    expect(await readMachine(config.state)).toBeNull();
    const before = JSON.parse(await readFile(join(config.state, "machine.json"), "utf8"));
    await enrolIt(config);
    const after = JSON.parse(await readFile(join(config.state, "machine.json"), "utf8"));
    expect(after.privateKey).toBe(before.privateKey);
  });

  test("who is not enrolled is told how, and who has no token which", async () => {
    const config = await newConfig();
    await expect(openIt(config)).rejects.toThrow(
      `Cannot join the fleet: expected an enrolled machine, got none; run \`tideline-sync enrol --url ${rig.url}\``,
    );
    await enrolIt(config);
    await expect(openLedger({ ...(await optionsOf(config)), env: {} })).rejects.toThrow(
      "expected TIDELINE_FLEET_READ_TOKEN",
    );
    const elsewhere = { ...config, machine: { ...config.machine, channel: "beta" } };
    await expect(openLedger(await optionsOf(elsewhere))).rejects.toThrow("enrol` again");
  });
});

test("which token is wrong is said by its name, at once, and to a watcher in one line", async () => {
  const config = await newConfig();
  await enrolIt(config);
  const env = { ...ENV, TIDELINE_FLEET_READ_TOKEN: "another-token-altogether" };
  const options = { ...(await optionsOf(config)), env };
  const message = `Cannot read the ledger: expected TIDELINE_FLEET_READ_TOKEN to be a token that the ledger at ${rig.url} takes, got another`;
  // An answer, not the end of patience, which would be a local ledger in its place.
  await expect(openLedgerNow(options, [], 2 ** 31 - 1)).rejects.toMatchObject({
    ...{ reason: "TOKEN_REFUSED", message },
  });
  const { ledger } = await openLedger(options);
  if (ledger.kind !== "convex") throw new Error("Expected the Convex ledger");
  opened.push(ledger);
  ledger.watchTargets(() => {}, controller.signal);
  ledger.watchHints(() => {}, controller.signal);
  await connection(ledger, true);
  await expect.poll(() => log).toContain(message);
  await expect(ledger.publish(release(), controller.signal)).resolves.toBeDefined();
  // Both subscriptions are answered by then, and were told the same.
  expect(log.filter((line) => line.includes("READ_TOKEN"))).toEqual([message]);
});

test("a healthy ledger that is closed early has failed at nothing", async () => {
  const config = await newConfig();
  await enrolIt(config);
  const ledger = await openIt(config);
  const isThere = connection(ledger, true);
  ledger.watchTargets(() => {}, controller.signal);
  // The presence is about to be sent.
  await isThere;
  const flushed = ledger.flush();
  await ledger.close();
  await flushed;
  expect(log).toEqual([]);
});

test("a ledger that is closed while nobody answers is closed", async () => {
  // It takes connections and says nothing.
  const silent = createTcpServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const config = await newConfig(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  const about = { url: config.ledger?.url ?? "", readToken: "x", channel: "stable", fetch };
  const ledger = openConvexLedger({
    ...{ ...about, operatorToken: null, reports: null, running: async () => [], now: Date.now },
    log: (line) => void log.push(line),
  });
  const arrived = new Promise<Socket>((resolve) => silent.once("connection", resolve));
  ledger.watchTargets(() => {}, controller.signal);
  const socket = await arrived;
  await ledger.close();
  socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
});

/** Stands before the ledger of these tests, and keeps what it answers to itself when it is told to. */
async function startProxy() {
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createTcpServer((socket) => {
    const upstream = connect(Number(new URL(rig.url).port), "127.0.0.1");
    for (const one of [socket, upstream]) sockets.add(one.on("error", () => {}));
    socket.pipe(upstream);
    upstream.on("data", (bytes) => isSilent || socket.write(bytes));
    upstream.on("end", () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    silence: () => {
      isSilent = true;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("Ctrl-C", () => {
  test("is heard while a ledger that is connected does not answer reports, and they stay on disk", async () => {
    const proxy = await startProxy();
    try {
      const config = await newConfig(proxy.url);
      await enrolIt(config);
      const ledger = await openIt(config);
      await firstTargets(ledger, 10_000, controller.signal);
      await connection(ledger, true);
      await ledger.flush();
      proxy.silence();
      await ledger.report(report("committed"));
      const stop = new AbortController();
      const flushed = ledger.flush(stop.signal);
      stop.abort();
      await flushed;
      expect(ledger.state().isConnected).toBe(true);
      expect(await listReports(join(config.state, "reports"))).toHaveLength(1);
      await ledger.close();
    } finally {
      await proxy.close();
    }
  });

  test("from before a ledger is asked is heard, too", async () => {
    const config = await newConfig();
    await enrolIt(config);
    const ledger = await openIt(config);
    const signal = AbortSignal.abort(new Error("Ctrl-C"));
    await expect(firstTargets(ledger, 2 ** 31 - 1, signal)).rejects.toThrow("Ctrl-C");
  });
});

test("row 22: while the ledger is away it is asked for its version, and once it answers it is there; no one asks before or after", async () => {
  const away = await LedgerRig.create();
  try {
    const config = await newConfig(away.url);
    await enrolIt(config);
    const asked: string[] = [];
    let answered = 0;
    let onAsked = () => {};
    const counting: typeof fetch = async (input, init) => {
      asked.push(String(input));
      onAsked();
      const answer = await fetch(input, init);
      answered++;
      return answer;
    };
    const { ledger } = await openLedger({ ...(await optionsOf(config)), fetch: counting });
    if (ledger.kind !== "convex") throw new Error("Expected the Convex ledger");
    opened.push(ledger);
    expect(await firstTargets(ledger, 10_000, controller.signal)).toEqual([]);
    const next = seq + 1;
    const heard = hears(ledger, ({ rollout, settled }) => (rollout ?? settled)?.seq === next);
    await connection(ledger, true);
    expect(asked).toEqual([]);

    const question = new Promise<void>((resolve) => {
      onAsked = resolve;
    });
    await away.stop();
    await question;
    await away.start();
    await connection(ledger, true);
    expect(new Set(asked)).toEqual(new Set([`${away.url}/version`]));
    // The client had tried by itself, or the first answer was enough.
    expect(answered).toBeLessThanOrEqual(1);
    // The subscriptions were taken along.
    const before = asked.length;
    expect(await ledger.publish(release(), controller.signal)).toMatchObject({ ok: true });
    await heard;
    expect(asked).toHaveLength(before);
  } finally {
    await away.dispose();
  }
});

test("a published release reaches the machines of its channel, and no others", async () => {
  const [stable, beta] = [await newConfig(), await newConfig(rig.url, "beta")];
  await Promise.all([enrolIt(stable), enrolIt(beta)]);
  const [here, there] = [await openIt(stable), await openIt(beta)];
  expect(await firstTargets(there, 10_000, controller.signal)).toEqual([]);
  const signed = release();
  const heard = hears(here, ({ rollout, settled }) => (rollout ?? settled)?.seq === seq);
  expect(await here.publish(signed, controller.signal)).toMatchObject({ ok: true });
  const target = await heard;
  expect((target.rollout ?? target.settled)?.release).toEqual(signed);
  expect(there.targets()).toEqual([]);
  expect(await here.publish(signed, controller.signal)).toMatchObject({ ok: true });
  const other = FLEET.sign(FLEET.manifest({ seq, version: "9.9.9" }));
  expect(await here.publish(other, controller.signal)).toMatchObject({
    ok: false,
    code: "SEQ_TAKEN",
  });
});

test("what a machine runs, and how its attempts went, is seen in the fleet", async () => {
  const config = await newConfig();
  const { machineId } = await enrolIt(config);
  const ledger = await openIt(config);
  const own = async () =>
    (await view()).machines.find((one) => one.machineId === machineId)?.subsystems;
  await firstTargets(ledger, 10_000, controller.signal);
  release();
  for (const state of ["downloading", "soaking", "committed"] as const) {
    await ledger.report(report(state));
  }
  await ledger.flush();
  await expect
    .poll(
      async () => (await own())?.find(({ subsystem }) => subsystem === "nats")?.attempt?.state,
      {
        timeout: 15_000,
      },
    )
    .toBe("committed");
  expect(await listReports(join(config.state, "reports"))).toEqual([]);
});

test("row 32: reports of a local installation while the ledger is down go out once, in order", async () => {
  const down = await LedgerRig.create();
  try {
    const config = await newConfig(down.url);
    const { machineId } = await enrolIt(config);
    const ledger = await openIt(config);
    await firstTargets(ledger, 10_000, controller.signal);
    await connection(ledger, true);
    await down.stop();
    await connection(ledger, false);
    expect(ledger.state().awaySince).toBeGreaterThan(0);
    await noteSeen(config.state, Date.UTC(2026, 0, 1));

    // Another process installs by hand meanwhile: it goes by what had settled.
    await noteHeard(config.state, {
      ...{ url: down.url, channel: "stable", at: Date.UTC(2026, 0, 1), targets: [] },
    });
    const local = await openLedgerNow(await optionsOf(config), [], 50);
    expect(local.ledger.kind).toBe("heard");
    expect(log.at(-1)).toContain("freshness unknown since 2026-01-01T00:00:00.000Z");
    const told: AttemptReport[] = [];
    for (const subsystem of ["nats", "arc"]) {
      for (const number of [1, 2, 3]) {
        for (const state of ["downloading", "soaking", "committed"] as const) {
          told.push(report(state, subsystem, number));
        }
      }
    }
    for (const one of told) await local.ledger.report(one);
    // Nobody waits for a ledger that is not there.
    await ledger.report(report("downloading", "nats", 4));
    await ledger.report({ ...report("rolled-back", "nats", 4), reason: "NOT_READY" });
    expect(await listReports(join(config.state, "reports"))).toHaveLength(told.length + 2);

    const back = connection(ledger, true);
    await down.start();
    await back;
    await expect
      .poll(() => listReports(join(config.state, "reports")), { timeout: 15_000 })
      .toEqual([]);
    const ask = { url: down.url, doing: "look", fetch, signal: controller.signal };
    const seen = async () => {
      const args = { token: FLEET_TOKENS.view };
      const found = (await askLedger("query", FLEET_FUNCTIONS.watchFleet, args, ask)) as FleetView;
      return found.machines
        .find((one) => one.machineId === machineId)
        ?.subsystems.map(({ subsystem, attempt }) => [subsystem, attempt?.seq, attempt?.state]);
    };
    // The newest of each is what was told last: they came in the order in which they were told.
    await expect.poll(seen, { timeout: 15_000 }).toEqual([
      ["arc", 3, "committed"],
      ["nats", 4, "rolled-back"],
    ]);
    await ledger.flush();
    // One call for all of them; the presence of the start had another.
    const counter = JSON.parse(await readFile(join(config.state, "reports/counter.json"), "utf8"));
    expect(counter).toEqual({ counter: 2 });
  } finally {
    await down.dispose();
  }
});

describe("row 22: a ledger in trouble", () => {
  let server: Server;
  let url: string;
  let asked: number;
  beforeEach(async () => {
    asked = 0;
    server = createServer((_, response) => {
      asked++;
      response.writeHead(asked % 2 === 0 ? 500 : 429, { "retry-after": "1" }).end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test("row 22: one that answers 429 and 500 keeps no report and nobody waiting", async () => {
    const config = await newConfig();
    await enrolIt(config);
    const text = await readFile(join(config.state, "machine.json"), "utf8");
    const moved = { ...config, ledger: { url } };
    await writeFile(join(config.state, "machine.json"), text.replace(rig.url, url));
    const ledger = await openIt(moved);
    ledger.watchTargets(() => {}, controller.signal);
    await ledger.report(report("soaking"));
    await ledger.report(report("committed"));
    await expect.poll(() => asked, { timeout: 15_000 }).toBeGreaterThan(0);
    expect(ledger.state()).toMatchObject({ isConnected: false });
    expect(ledger.targets()).toBeNull();
    expect(await listReports(join(config.state, "reports"))).toHaveLength(2);
  });

  test("row 22: enrolling there says what it answered", async () => {
    const config = await newConfig(url);
    await expect(enrolIt(config)).rejects.toThrow(`Cannot enrol at ${url}: `);
  });
});

test("row 27: 40 machines that come back at once hear everything, and each report counts once", async () => {
  const busy = await LedgerRig.create();
  try {
    const fleet = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const config = await newConfig(busy.url);
        const { machineId } = await enrolIt(config);
        return { config, machineId, ledger: await openIt(config) };
      }),
    );
    await Promise.all(fleet.map(({ ledger }) => firstTargets(ledger, 20_000, controller.signal)));
    const [first] = fleet;
    await first?.ledger.publish(release(), controller.signal);
    const number = seq;
    const heardAll = (wanted: number) =>
      Promise.all(
        fleet.map(({ ledger }) =>
          hears(ledger, ({ rollout, settled }) => (rollout ?? settled)?.seq === wanted),
        ),
      );
    await heardAll(number);
    await busy.stop();
    await Promise.all(fleet.map(({ ledger }) => connection(ledger, false)));
    await Promise.all(
      fleet.map(({ ledger }) => ledger.report(report("committed", "nats", number))),
    );
    await busy.start();
    await Promise.all(fleet.map(({ ledger }) => connection(ledger, true)));
    await first?.ledger.publish(release(), controller.signal);
    await heardAll(seq);
    for (const { config } of fleet) {
      await expect
        .poll(() => listReports(join(config.state, "reports")), { timeout: 15_000 })
        .toEqual([]);
    }
    const ask = { url: busy.url, doing: "look", fetch, signal: controller.signal };
    const args = { token: FLEET_TOKENS.view };
    await expect
      .poll(
        async () => {
          const seen = (await askLedger(
            "query",
            FLEET_FUNCTIONS.watchFleet,
            args,
            ask,
          )) as FleetView;
          const installs = seen.machines.flatMap(({ subsystems }) => subsystems);
          return installs.filter(
            ({ subsystem, attempt }) => subsystem === "nats" && attempt?.state === "committed",
          ).length;
        },
        { timeout: 15_000 },
      )
      .toBe(40);
  } finally {
    await busy.dispose();
  }
});
