/**
 * Every step of an update, of one in the place of a foreign binary, of the way back (also one over a
 * binary that somebody puts there after the crash) and of a rollback by hand, killed there; and again at every
 * step of the recovery. Each case is a machine with a real service; the processes that work on
 * them are ended by SIGKILL, many machines at a time.
 */
import { execFile } from "node:child_process";
import { access, constants, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type CrashWork,
  crashAll,
  type EngineMachine,
  FileHost,
  type Published,
  RecordingLedger,
  ReleaseLine,
  reportsPath,
  startMachine,
} from "../../../testing/src/engine-rig/index.js";
import { seededRandom } from "../../../testing/src/interleavings/random.js";
import { SignedFleet } from "../../../testing/src/signed-fleet.js";
import { readPrevious } from "../swap/keep-previous.js";
import { readVersionFile } from "../swap/version-file.js";
import { readDenied } from "./denied.js";
import { readJournal } from "./journal.js";
import { readPins } from "./pins.js";
import { HAND_STEPS, REPLACE_STEPS, ROLLBACK_STEPS, UPDATE_STEPS } from "./steps.js";

const NAME = "nats";
const AT_ONCE = 200;

/**
 * `good` and `bad` are updates to a version that is well and to one that ends at its start; `replace`
 * is the good one where somebody has put a binary of their own. `meddled` is the bad one where
 * somebody does so after the first crash.
 */
type Family = "good" | "bad" | "by-hand" | "replace" | "meddled";

interface Case {
  readonly family: Family;
  readonly first: string;
  /** Null: the recovery is let run. */
  readonly second: string | null;
}

let host: FileHost;
let line: ReleaseLine;
/** What was live before, and what is asked for. */
let before: Published;
/** A binary of somebody's own, which no release has. */
let foreign: Published;
let wanted: Record<Family, Published>;

beforeAll(async () => {
  host = await FileHost.start();
  line = new ReleaseLine(new SignedFleet(), host);
  before = line.publish(NAME, 1);
  foreign = line.publish(NAME, 9);
  const good = line.publish(NAME, 2);
  const bad = line.publish(NAME, 3, { variant: "crash-at-start" });
  wanted = {
    good,
    bad,
    // Here the release is live, and what was before it comes back.
    "by-hand": good,
    replace: good,
    meddled: bad,
  };
});

afterAll(async () => {
  await host.close();
});

test("row 16: killed at any step, and again at any step of the recovery, a machine has a whole known binary", async () => {
  const seed = 20_261_121;
  const random = seededRandom(seed);
  const firsts: Case[] = [
    ...UPDATE_STEPS.map((first) => ({ family: "good", first, second: null }) as const),
    ...ROLLBACK_STEPS.map((first) => ({ family: "bad", first, second: null }) as const),
    ...HAND_STEPS.map((first) => ({ family: "by-hand", first, second: null }) as const),
    ...REPLACE_STEPS.map((first) => ({ family: "replace", first, second: null }) as const),
    // After these the way back is at its end, and only the telling is left.
    ...ROLLBACK_STEPS.slice(0, ROLLBACK_STEPS.indexOf("rolled-back")).map(
      (first) => ({ family: "meddled", first, second: null }) as const,
    ),
  ];
  const steps = await runCases(firsts);
  const seconds = firsts.flatMap(({ family, first }, index): Case[] => {
    const all = [...new Set(steps[index])];
    // Up to the lock a recovery is an update from its beginning, and a rollback by hand is the way
    // back of an update that is not well: some of these stand for the others.
    const isEarly = UPDATE_STEPS.indexOf(first) < UPDATE_STEPS.indexOf("locked");
    const isUpdate = family === "good" || family === "replace";
    const isWayBack = family === "by-hand" || (family === "meddled" && first !== "rolling-back");
    const isAlike = isWayBack || (isUpdate && isEarly);
    const some = isAlike ? all.filter(() => random.chance(0.08)) : all;
    return some.map((second) => ({ family, first, second }));
  });
  await runCases(seconds);
  const total = firsts.length + seconds.length;
  console.log(`${total} cases (${firsts.length} single, ${seconds.length} double), seed ${seed}`);
  expect(total).toBeGreaterThanOrEqual(300);
}, 240_000);

/** @returns The steps of each case's last process. */
async function runCases(cases: readonly Case[]): Promise<readonly (readonly string[])[]> {
  const steps: (readonly string[])[] = [];
  for (let index = 0; index < cases.length; index += AT_ONCE) {
    steps.push(...(await runBatch(cases.slice(index, index + AT_ONCE))));
  }
  return steps;
}

async function runBatch(cases: readonly Case[]): Promise<readonly (readonly string[])[]> {
  const machines = await Promise.all(cases.map(setUp));
  try {
    const jobs = cases.map((one, index): CrashWork => {
      const machine = machines[index] as EngineMachine;
      const { config, clock } = machine;
      const { target } = wanted[one.family];
      const action = one.family === "by-hand" ? "rollback" : "update";
      const replaces = one.family === "replace";
      return {
        config,
        subsystem: NAME,
        action,
        target,
        replaces,
        now: clock.now,
        crashAt: one.first,
      };
    });
    const first = await crashAll(jobs);
    for (const [index, result] of first.entries()) {
      expect(result, told(cases[index])).toMatchObject({ crashed: true, error: null });
    }
    await checkAll(cases, machines, checkWhole);
    for (const [index, { family }] of cases.entries()) {
      if (family === "meddled") await machines[index]?.replace(NAME, foreign);
    }

    const action = (one: Case) => (one.family === "by-hand" ? "recover" : "start");
    const second = jobs.flatMap((job, index): CrashWork[] => {
      const one = cases[index] as Case;
      return one.second === null ? [] : [{ ...job, action: action(one), crashAt: one.second }];
    });
    if (second.length > 0) {
      for (const result of await crashAll(second)) {
        expect(result).toMatchObject({ crashed: true, error: null });
      }
      await checkAll(cases, machines, checkWhole);
    }

    const last = jobs.map(
      (job, index): CrashWork => ({
        ...job,
        action: action(cases[index] as Case),
        crashAt: null,
      }),
    );
    const results = await crashAll(last);
    for (const [index, result] of results.entries()) {
      expect(result, told(cases[index])).toMatchObject({ crashed: false, error: null });
    }
    await checkAll(cases, machines, checkMended);
    return results.map((result) => result.steps);
  } finally {
    await Promise.all(machines.map((machine) => machine.dispose()));
  }
}

async function setUp({ family }: Case): Promise<EngineMachine> {
  const machine = await startMachine({
    ...{ line, ledger: new RecordingLedger(), names: [NAME], hasProbe: false },
    // A service that ends at its start is started again so late that no machine is kept busy by it.
    ...{ readyTimeoutMs: 400, soakMs: 20, backOffMs: 60_000 },
  });
  await machine.plant(NAME, before);
  await machine.startServices();
  if (family === "by-hand") {
    const outcome = await machine.update(NAME, wanted[family].target);
    expect(outcome.state).toBe("committed");
  }
  if (family === "replace") {
    await machine.replace(NAME, foreign);
  }
  return machine;
}

async function checkAll(
  cases: readonly Case[],
  machines: readonly EngineMachine[],
  check: (one: Case, machine: EngineMachine) => Promise<void>,
): Promise<void> {
  await Promise.all(
    cases.map(async (one, index) => {
      try {
        await check(one, machines[index] as EngineMachine);
      } catch (error) {
        throw new Error(`${told(one)}: ${(error as Error).message}`, { cause: error });
      }
    }),
  );
}

/** What holds at any moment, a crash or not. */
async function checkWhole({ family }: Case, machine: EngineMachine): Promise<void> {
  const live = machine.live(NAME);
  const from = family === "replace" ? foreign : before;
  const own = family === "meddled" ? [foreign.sha256] : [];
  const known = [from.sha256, wanted[family].sha256, ...own];
  const runs = await machine.runs(NAME);
  expect(known, "the live binary is a known one").toContain(runs);
  if (family === "replace" && runs !== foreign.sha256) await checkForeignKept(machine);
  await access(live, constants.X_OK);
}

/** What somebody had put there is not lost. */
async function checkForeignKept(machine: EngineMachine): Promise<void> {
  const folder = join(dirname(machine.live(NAME)), ".foreign");
  expect(await readdir(folder)).toEqual([`${NAME}-${foreign.sha256}`]);
  expect(await readFile(join(folder, `${NAME}-${foreign.sha256}`))).toEqual(foreign.bytes);
}

/** What holds after the recovery. */
async function checkMended(one: Case, machine: EngineMachine): Promise<void> {
  await checkWhole(one, machine);
  if (one.family === "meddled") await checkForeignKept(machine);
  const { config } = machine;
  const live = machine.live(NAME);
  const runs = await machine.runs(NAME);
  const { stdout } = await promisify(execFile)(live, ["--version"]);
  expect(stdout).toBe(`${NAME} ${await machine.version(NAME)}\n`);
  const isNew = one.family === "good" || one.family === "replace";
  const after = isNew ? wanted.good : before;
  // Killed between pin and journal, a rollback by hand has not begun; whoever asked asks again.
  if (one.family !== "by-hand" || one.first !== "pinned") expect(runs).toBe(after.sha256);

  const reading = await readVersionFile(dirname(live));
  expect(reading).toMatchObject({ state: "read", file: { checksum: runs } });
  if (one.family === "replace") {
    expect(await readPrevious(live)).toEqual({ state: "absent" });
  } else {
    await checkPrevious(live);
  }
  expect(await readJournal(config.state, NAME)).toBeNull();
  const kept = one.family === "replace" ? [".foreign"] : [".previous"];
  if (one.family === "meddled") kept.unshift(".foreign");
  expect((await readdir(dirname(live))).sort()).toEqual([...kept, ".staging", ".version", NAME]);
  const isBad = one.family === "bad" || one.family === "meddled";
  const denied = Object.keys(await readDenied(config.state));
  expect(denied).toEqual(isBad ? [wanted.bad.sha256] : []);
  expect(Object.keys(await readPins(config.state))).toEqual(one.family === "by-hand" ? [NAME] : []);

  const { isRunning } = await machine.inspect(NAME);
  expect(isRunning).toBe(true);
  const started = (await machine.starts(NAME)).at(-1)?.split(" ")[1];
  expect(started).toBe(await machine.version(NAME));
  if (one.family === "by-hand") return;
  const text = await readFile(reportsPath(config.folder), "utf8");
  const states = text
    .trim()
    .split("\n")
    .map((entry) => JSON.parse(entry).state as string);
  const ends = states.filter((state) => state !== "downloading" && state !== "soaking");
  // Asked for the same release again, it says that this one is denied.
  const allowed = isNew ? ["committed"] : ["rolled-back", "refused"];
  expect(ends[0]).toBe(allowed[0]);
  expect(allowed).toEqual(expect.arrayContaining(ends));
}

/** The version before is whole, can be run, and is told apart. */
async function checkPrevious(live: string): Promise<void> {
  const folder = join(dirname(live), ".previous");
  const file = { checksum: before.sha256 };
  expect(await readPrevious(live)).toMatchObject({ state: "kept", version: file });
  expect(await readVersionFile(folder)).toMatchObject({ state: "read", file });
  expect((await stat(join(folder, NAME))).mode & 0o111).not.toBe(0);
  expect((await readdir(folder)).sort()).toEqual([".version", NAME]);
}

function told(one: Case | undefined): string {
  return `${one?.family}, killed at "${one?.first}"${one?.second ? ` and at "${one.second}"` : ""}`;
}
