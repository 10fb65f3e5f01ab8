/** The in-memory database is only worth something while it answers as convex-test does. */
import { makeFunctionReference } from "convex/server";
import { convexTest } from "convex-test";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import schema from "../../../../convex/schema.js";
import type { FunctionName } from "./memory-ledger.js";
import { MemoryLedger } from "./memory-ledger.js";
import { seededRandom } from "./random.js";

const TOKEN = "memory-ledger-record-token";
const TARGET = { appName: "web", environment: "production" };
const MINUTE = 60_000;

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  vi.stubEnv("TIDELINE_RECORD_TOKEN", TOKEN);
  vi.stubEnv("TIDELINE_HISTORY_LIMIT", "6");
});
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])("answers as convex-test does (seed %d)", async (seed) => {
  const random = seededRandom(seed);
  const memory = new MemoryLedger();
  const reference = convexTest(schema, {
    "../../../../convex/deployments.ts": () => import("../../../../convex/deployments.js"),
    "../../../../convex/_generated/api.js": () => import("../../../../convex/_generated/api.js"),
  });

  async function both(kind: "query" | "mutation", name: FunctionName, args: object) {
    const path = `deployments:${name}`;
    const given = { ...args };
    const [ours, theirs] = await Promise.all([
      outcome(memory[kind](name, given)),
      kind === "query"
        ? outcome(reference.query(makeFunctionReference<"query">(path), given))
        : outcome(reference.mutation(makeFunctionReference<"mutation">(path), given)),
    ]);
    expect({ name, args, answer: ours }).toEqual({ name, args, answer: theirs });
  }

  for (let i = 0; i < 40; i++) {
    const letter = random.pick(["a", "b", "c", "d"]);
    const build = {
      ...TARGET,
      version: letter,
      gitCommit: random.pick(["unknown", letter.repeat(40), "c".repeat(40)]),
      buildId: `build-${letter}`,
      allowRollback: random.chance(0.4),
      token: TOKEN,
    };
    const record = {
      ...build,
      buildNumber: random.chance(0.05) ? -1 : 1,
      buildTime: 0,
      ...(random.chance(0.3) && { idempotencyKey: random.pick(["k1", "k2"]) }),
      ...(random.chance(0.3) && { asOfEpoch: random.whole(5) }),
    };
    const { allowRollback, version, gitCommit, ...abort } = build;
    const step = random.whole(10);
    if (step < 5) await both("mutation", "recordDeployment", record);
    else if (step < 6) await both("mutation", "announceDeployment", build);
    else if (step < 7) await both("mutation", "abortDeployment", abort);
    else if (step < 8)
      await both("mutation", "holdTarget", { ...TARGET, reason: "x", token: TOKEN });
    else if (step < 9) await both("mutation", "releaseTarget", { ...TARGET, token: TOKEN });
    else {
      vi.advanceTimersByTime(random.whole(45) * MINUTE);
      await reference.finishInProgressScheduledFunctions();
      await memory.runScheduled(Date.now());
    }
    await both("query", "watchLatestDeployment", { ...TARGET, buildId: `build-${letter}` });
  }

  const stored = await reference.run(async (ctx) => ({
    deployments: await ctx.db.query("deployments").collect(),
    targets: await ctx.db.query("targets").collect(),
    builds: await ctx.db.query("builds").collect(),
    commits: await ctx.db.query("commits").collect(),
  }));
  for (const table of ["deployments", "targets", "builds", "commits"] as const) {
    expect(withoutIds(memory.db.dump(table))).toEqual(withoutIds(stored[table]));
  }
});

/** An answer, or the data of the error that came instead, without ids: each side makes its own. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return withoutIds(await call);
  } catch (error) {
    const { data } = error as { data?: unknown };
    if (data === undefined) throw error;
    return { error: typeof data === "string" ? JSON.parse(data) : data };
  }
}

function withoutIds(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      ["_id", "_creationTime", "deploymentId"].includes(key) ? undefined : inner,
    ) ?? "null",
  );
}
