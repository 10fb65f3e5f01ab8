/**
 * How long after a new version falls ill the old one is ready again, without any network.
 *
 *   npm run bench -- fleet/bench/rollback            16 rounds
 *   npm run bench -- fleet/bench/rollback --quick    4
 *
 * Ends with status 1 if any of them took more than 3 s, all of it: the supervisor's noticing, the
 * engine's way back, and the old program's start.
 *
 * Under a real process-compose (a probe a second, its shortest) and under the built-in supervisor at
 * its own pace, a release is installed that answers "ready" and, while it is watched, does not any
 * more; when it falls ill is spread evenly over the time between two probes. By then the release host
 * is gone, and the machine is enrolled with a ledger at a port where nobody listens. Root may have
 * more: then all runs in a network of its own, and in every second round its only interface is down.
 * Beside it, in turns: end, rename, start by hand, of the same program without anybody; and the
 * supervisor's own restart. Service, supervisor, and client speak over unix sockets.
 *
 * How it could mislead: a probe that is asked less often notices later (process-compose asks every
 * 10 s unless it is told otherwise). The programs end at once; the engine's share is what travels.
 */
import { type ChildProcess, spawnSync } from "node:child_process";
import { copyFile, rename } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { median, printTable } from "../../embedded/bench/support/table.js";
import { findProcessCompose } from "../../testing/src/find-process-compose.js";
import { freePort } from "../../testing/src/process-compose-rig/index.js";
import { makeMachineKey, writeMachine } from "../src/ledger/machine-file.js";
import { openLedger } from "../src/ledger/open-ledger.js";
import { PROBE_PACE } from "../src/supervise/built-in/readiness.js";
import type { Supervisor } from "../src/supervise/supervisor.js";
import { TrustStore } from "../src/trust/trust-store.js";
import { Asker, clock } from "./support/asker.js";
import { end, ServiceMachine } from "./support/service-machine.js";
import { enterOwnNetwork } from "./support/without-network.js";

const LIMIT_MS = 3_000;
const ROUNDS = process.argv.includes("--quick") ? 4 : 16;
// Longer than any noticing.
const SOAK_MS = 15_000;

interface Round {
  readonly isDown: boolean;
  /** From falling ill until the supervisor says so. */
  readonly noticed: number;
  /** From there until the old version is ready, as a client sees it. */
  readonly back: number;
  readonly total: number;
  /** Of `back`: until the engine has written down what it does, denied the release, put the file back. */
  readonly atDisk: number;
  /** Of `back`: the supervisor's end and start. */
  readonly atSupervisor: number;
  /** End, rename, start, by hand. */
  readonly bare: number;
  readonly restart: number;
}

// Before the network is gone: it may have to be built.
const processCompose = await findProcessCompose();
const network = await enterOwnNetwork({ PROCESS_COMPOSE_BIN: processCompose ?? "" });
const asker = new Asker();
const rows: string[][] = [];
try {
  if (processCompose !== null) await measure("process-compose", processCompose, 1_000);
  await measure("built-in", null, PROBE_PACE.laterMs);
} finally {
  asker.close();
}
console.log(
  `\nFrom ill to ready, in ms (${ROUNDS} rounds; release host gone, ledger refuses${
    network === null ? "; no network of its own here" : ", every second one without an interface"
  })`,
);
printTable(["", "median", "most", "beside by hand", "beside a restart", "limit"], rows);
process.exit();

async function measure(name: string, program: string | null, probeMs: number): Promise<void> {
  const ledgerUrl = `http://127.0.0.1:${await freePort()}`;
  const machine = await ServiceMachine.start({
    ...{ processCompose: program, listen: "socket", soakMs: SOAK_MS, ledgerUrl },
  });
  const closeLedger = await joinLedger(machine, ledgerUrl);
  const rounds: Round[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const isDown = network !== null && round % 2 === 1;
      const phaseMs = ((round + 0.5) / ROUNDS) * probeMs;
      rounds.push({
        isDown,
        bare: await byHand(machine),
        restart: await restart(machine),
        ...(await fallIll(machine, phaseMs, isDown)),
      });
    }
  } finally {
    await closeLedger();
    await machine.dispose();
  }
  report(name, rounds);
}

/** Enrols it with a ledger that is not there. */
async function joinLedger(machine: ServiceMachine, url: string): Promise<() => Promise<void>> {
  const { config } = machine;
  const enrolled = { machineId: "bench", enrolledAt: Date.now(), name: "bench" };
  const key = { privateKey: makeMachineKey(), channel: "stable", url };
  await writeMachine(config.state, { ...enrolled, ...key });
  const { signal } = new AbortController();
  const opened = await openLedger({
    ...{ config, env: { TIDELINE_FLEET_READ_TOKEN: "a-token-of-nobody-at-all-here" } },
    ...{ trust: await TrustStore.open(config.state), fetch, now: Date.now, log: () => {}, signal },
  });
  // It asks from now on, and nobody answers.
  opened.ledger.watchTargets(() => {
    throw new Error("Cannot measure: the ledger is there");
  }, signal);
  machine.ledger = opened.ledger;
  machine.machine = enrolled;
  return () => opened.ledger.close();
}

async function byHand(machine: ServiceMachine): Promise<number> {
  const [live, kept] = [`${machine.binary}-bare`, `${machine.binary}-kept`];
  await copyFile(machine.binary, live);
  await copyFile(machine.binary, kept);
  let child: ChildProcess = machine.spawnBare(live);
  asker.ask(machine.bareAddress);
  await asker.ready();
  const outage = asker.outage();
  await end(child);
  await rename(kept, live);
  child = machine.spawnBare(live);
  const { ms } = await outage;
  asker.ask(null);
  await end(child);
  return ms;
}

async function restart(machine: ServiceMachine): Promise<number> {
  asker.ask(machine.address);
  await asker.ready();
  const outage = asker.outage();
  await machine.restart();
  const { ms } = await outage;
  asker.ask(null);
  return ms;
}

/** Installs a release that falls ill `phaseMs` after it is watched, and waits for the way back. */
async function fallIll(
  machine: ServiceMachine,
  phaseMs: number,
  isDown: boolean,
): Promise<Omit<Round, "isDown" | "bare" | "restart">> {
  await machine.sweepNotes();
  const { supervisor, service } = machine;
  let illAt = Number.NaN;
  let noticedAt = Number.NaN;
  const at = new Map<string, number>();
  let outage: ReturnType<Asker["outage"]> | undefined;
  const fallen = async () => {
    const { pid } = await supervisor.inspect(service, new AbortController().signal);
    if (isDown) await network?.down();
    if (isDown) requireNoNetwork();
    asker.ask(machine.address);
    await asker.ready();
    await sleep(phaseMs);
    outage = asker.outage();
    illAt = clock();
    process.kill(pid ?? Number.NaN, "SIGUSR2");
  };
  let falling: Promise<void> | undefined;
  const outcome = await machine.update("ready-then-not", {
    supervisor: listening(supervisor, (isReady) => {
      if (isReady === false && !Number.isNaN(illAt)) noticedAt ||= clock();
    }),
    atStep: (step) => {
      at.set(step, clock());
      // It is watched from now on, so the step is not kept waiting.
      if (step === "soaking") falling = fallen();
    },
  });
  await falling;
  if (outcome.state !== "rolled-back" || outcome.reason !== "NOT_READY") {
    throw new Error(`Cannot measure: ${JSON.stringify(outcome)}`);
  }
  const away = await outage;
  if (isDown) await network?.up();
  asker.ask(null);
  const until = away?.until ?? Number.NaN;
  const [broughtBack = Number.NaN, restarted = Number.NaN] = ["brought-back", "old-restarted"].map(
    (step) => at.get(step),
  );
  return {
    noticed: noticedAt - illAt,
    atDisk: broughtBack - noticedAt,
    atSupervisor: restarted - broughtBack,
    back: until - noticedAt,
    total: until - illAt,
  };
}

/** The same supervisor, of whose words on readiness somebody else hears too. */
function listening(supervisor: Supervisor, hear: (isReady: boolean | null) => void): Supervisor {
  return {
    kind: supervisor.kind,
    inspect: (...args) => supervisor.inspect(...args),
    restart: (...args) => supervisor.restart(...args),
    start: (...args) => supervisor.start(...args),
    logs: (...args) => supervisor.logs(...args),
    watch: (service, onState, signal) =>
      supervisor.watch(
        service,
        (state) => {
          hear(state.isReady);
          onState(state);
        },
        signal,
      ),
  };
}

function requireNoNetwork(): void {
  const { stdout } = spawnSync("ip", ["-o", "link", "show", "up"], { encoding: "utf8" });
  if (stdout.trim() !== "") throw new Error(`Cannot measure: expected no interface, got ${stdout}`);
}

function report(name: string, rounds: readonly Round[]): void {
  const most = (values: readonly number[]) => Math.max(...values).toFixed(0);
  const figures = (values: readonly number[]) => [median(values).toFixed(0), most(values)];
  const of = (key: Exclude<keyof Round, "isDown">, some = rounds) =>
    some.map((round) => round[key]);
  const beside = (key: "bare" | "restart") =>
    median(rounds.map((round) => round.back / round[key])).toFixed(2);
  const isMissed = !(Math.max(...of("total")) <= LIMIT_MS);
  if (isMissed) process.exitCode = 1;
  const limit = `<= ${LIMIT_MS}${isMissed ? ", MISSED" : ""}`;
  rows.push(
    [`${name}: end, rename, start by hand`, ...figures(of("bare")), "1", "", ""],
    [`${name}: restart alone`, ...figures(of("restart")), "", "1", ""],
    [`${name}: until it is noticed`, ...figures(of("noticed")), "", "", ""],
    [
      ...[`${name}: the way back`, ...figures(of("back"))],
      ...[beside("bare"), beside("restart"), ""],
    ],
    ["  of it, at the disk", ...figures(of("atDisk")), "", "", ""],
    ["  of it, the supervisor's", ...figures(of("atSupervisor")), "", "", ""],
    [`${name}: together`, ...figures(of("total")), "", "", limit],
  );
  for (const isDown of [false, true]) {
    const some = rounds.filter((round) => round.isDown === isDown);
    if (some.length === 0) continue;
    const where = isDown ? "without an interface" : "ports that refuse";
    rows.push([`  of them, ${where}`, ...figures(of("total", some)), "", "", limit]);
  }
}
