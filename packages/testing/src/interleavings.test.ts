/**
 * 10,000 random interleavings of everything that may happen to a target, run against the ledger's
 * real functions. TIDELINE_SEED=<number> takes other ones; a failure names the seed of its own run.
 */
import type { LatestDeployment } from "@tideline/version";
import { judge } from "@tideline/version";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { MemoryLedger } from "./interleavings/memory-ledger.js";
import { seededRandom } from "./interleavings/random.js";
import { BUILD_IDS, isEqual, TARGET, TOKEN, World } from "./interleavings/world.js";

const RUNS = 10_000;
const SEED = Number(process.env.TIDELINE_SEED ?? 20_261_120);

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.stubEnv("TIDELINE_RECORD_TOKEN", TOKEN);
});
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

test(`${RUNS} interleavings from seed ${SEED} end with the rule's verdicts and without prompts`, {
  timeout: 120_000,
}, async () => {
  const counts = { records: 0, refused: 0, rollbacks: 0, overtaken: 0, clients: 0, prompts: 0 };
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED + run;
    const { world, isReconciled } = await play(seed);
    const problem = world.disagreements[0] ?? (await examine(world, isReconciled));
    if (problem !== null) expect.fail(`run of seed ${seed}: ${JSON.stringify(problem, null, 2)}`);
    const rows = world.ledger.db.dump("deployments");
    counts.records += rows.length;
    counts.refused += rows.filter((row) => row.status === "refused").length;
    counts.overtaken += rows.filter((row) => row.status === "superseded").length;
    counts.rollbacks += rows.filter((row) => row.kind === "rollback").length;
    counts.clients += world.clients.length;
    counts.prompts += world.clients.reduce((sum, client) => sum + client.prompts, 0);
  }
  console.log(`interleavings: seed ${SEED}, ${RUNS} runs, ${JSON.stringify(counts)}`);
  // A world in which nothing happens would prove nothing.
  expect(counts.records).toBeGreaterThan(RUNS * 3);
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(RUNS / 10);
});

interface Played {
  readonly world: World;
  /** True if the ledger was told at last what the host serves. */
  readonly isReconciled: boolean;
}

async function play(seed: number): Promise<Played> {
  const random = seededRandom(seed);
  const world = new World(new MemoryLedger(), random, (now) => vi.setSystemTime(now));
  const steps = 20 + random.whole(40);
  for (let i = 0; i < steps; i++) await world.step();
  await world.endDeployers();
  if (random.chance(0.5)) await world.passTime(31 * 60_000);
  const isReconciled = random.chance(0.5) && (await world.reconcile());
  return { world, isReconciled };
}

/** Lets the world come to rest; gives what is wrong with it then, or null. */
async function examine(world: World, isReconciled: boolean): Promise<unknown> {
  const promptsBefore = world.clients.map((client) => client.prompts);
  let rounds = 0;
  while ((await world.settleClients()) > 0) {
    // The reload that a prompt leads to brings what the host serves, so one is all there can be.
    if (++rounds > 1) return { problem: "prompted again and again", clients: world.clients };
  }
  for (const [i, client] of world.clients.entries()) {
    if (client.prompts > (promptsBefore[i] ?? 0) + 1) return { problem: "prompted twice", client };
    if (client.subscription.isStale()) return { problem: "not told", client };
    const { buildId, bootEpoch } = client;
    const verdict = judge(
      { buildId: buildId as never },
      withLabels(world.oracle.latest(buildId, world.now)),
      bootEpoch ?? -1,
    );
    const held = world.verdictOf(client);
    if (!isEqual(held, verdict)) return { problem: "wrong verdict", client, held, verdict };
    // Where host and ledger agree, whoever can be helped was.
    if (isReconciled && held?.kind === "outdated") return { problem: "left behind", client };
  }
  return await compareStates(world);
}

/** Compares what the ledger says of every build with what the oracle says. */
async function compareStates(world: World): Promise<unknown> {
  for (const buildId of [...BUILD_IDS, "build-never"]) {
    const args = { ...TARGET, buildId };
    const told = (await world.ledger.query("watchLatestDeployment", args)) as LatestDeployment;
    const expected = world.oracle.latest(buildId, world.now);
    if (!isEqual(told && withLabels(told), withLabels(expected))) {
      return { problem: "wrong state", buildId, told, expected };
    }
  }
  const live = world.ledger.db
    .dump("deployments")
    .filter((row) => row.status === "live" && row.environment === TARGET.environment);
  if (live.length > 1) return { problem: "two live rows", live };
  return null;
}

/** Takes for equal what nothing is decided by. */
function withLabels(latest: object | null): LatestDeployment | null {
  if (latest === null) return null;
  const labels = { version: "", gitCommit: "", gitTag: null, notes: null };
  const numbers = { buildNumber: 0, buildTime: 0, deployedAt: 0 };
  return { ...latest, ...TARGET, ...labels, ...numbers } as unknown as LatestDeployment;
}
