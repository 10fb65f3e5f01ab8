/**
 * Deployments that race each other, crash, go back and meet stale caches: the commands' own code,
 * played many thousand times against the real ledger and the real watch. TIDELINE_SEED=<number> takes other worlds; a
 * failure names the seeds of those that ended badly.
 */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { seededRandom } from "../interleavings/random.js";
import { TOKEN } from "./deployer.js";
import { playRace, type RaceConfiguration } from "./race-world.js";

const RUNS = 5_000;
const SEED = Number(process.env.TIDELINE_SEED ?? 20_261_120);
const MINUTE = 60_000;

const CALM = {
  jobs: 1,
  staleChance: 0,
  crashChance: 0,
  skewMs: 0,
  reconciles: true,
};
const WILD = { ...CALM, jobs: 3, staleChance: 0.1, crashChance: 0.1, skewMs: 60 * MINUTE };

// Fake timers would do, at twice the time.
const clock = { now: 0, real: Date.now };
beforeAll(() => {
  Date.now = () => clock.now;
  vi.stubEnv("TIDELINE_RECORD_TOKEN", TOKEN);
});
afterAll(() => {
  Date.now = clock.real;
  vi.unstubAllEnvs();
});

/** Plays worlds; gives the seeds of those in which somebody missed an update or was asked for ever. */
async function play(configuration: RaceConfiguration, runs: number) {
  const totals = { tabs: 0, deployments: 0, crashes: 0, failures: 0, reloads: 0, futileReloads: 0 };
  const bad = { missed: [] as number[], endless: [] as number[] };
  // Missed where no job crashed, and none ended with the word that something may be amiss.
  const missedUntold: number[] = [];
  for (let seed = SEED; seed < SEED + runs; seed++) {
    const outcome = await playRace(configuration, seededRandom(seed), (now) => {
      clock.now = now;
    });
    for (const name of Object.keys(totals) as (keyof typeof totals)[]) {
      totals[name] += outcome[name];
    }
    for (const name of ["missed", "endless"] as const) {
      if (outcome[name] > 0) bad[name].push(seed);
    }
    if (outcome.missed > 0 && outcome.failures + outcome.crashes === 0) missedUntold.push(seed);
  }
  const counts = { ...totals, missed: bad.missed.length, endless: bad.endless.length };
  console.log(
    `race model, ${configuration.name}: ${runs} runs from seed ${SEED}, ${JSON.stringify(counts)}`,
  );
  // A world in which nothing happens would prove nothing.
  for (const count of [totals.tabs, totals.deployments, totals.reloads]) {
    expect(count).toBeGreaterThan(runs);
  }
  expect(totals.crashes > runs / 10).toBe(configuration.crashChance > 0);
  return { ...bad, missedUntold };
}

test.each<RaceConfiguration>([
  { ...CALM, name: "one job at a time" },
  { ...CALM, name: "one job at a time, clocks 10 min off", skewMs: 10 * MINUTE },
  { ...CALM, name: "2 jobs at once, 10 % stale requests", jobs: 2, staleChance: 0.1 },
  { ...CALM, name: "3 jobs at once, 10 % crash", jobs: 3, crashChance: 0.1 },
  { ...WILD, name: "3 jobs at once, 10 % crash, 10 % stale requests, clocks 1 h off" },
])("$name: nobody misses an update or is asked for ever", { timeout: 120_000 }, async (given) => {
  expect(await play(given, RUNS)).toEqual({ missed: [], endless: [], missedUntold: [] });
});

test("a job that dies leaves tabs behind where nobody reconciles", {
  timeout: 120_000,
}, async () => {
  const given = { ...WILD, name: "the same without reconciling", reconciles: false };
  const { missed, endless } = await play(given, RUNS / 2);
  expect(missed).not.toEqual([]);
  // Whatever the ledger says: a page asks only where its host serves another build.
  expect(endless).toEqual([]);
});

test("while no job dies, nobody reconciles and none says that it failed, nothing is missed", {
  timeout: 120_000,
}, async () => {
  const given = { ...WILD, name: "no crashes, no reconciling", crashChance: 0, reconciles: false };
  const { missedUntold, endless } = await play(given, RUNS / 2);
  expect({ missedUntold, endless }).toEqual({ missedUntold: [], endless: [] });
});
