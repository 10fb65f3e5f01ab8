import { afterEach, expect, test } from "vitest";
import type { EncodedValue } from "../contract.js";
import { cronJobs } from "./cron-tables.js";
import { openTestRuntime, type TestOptions, type TestRuntime } from "./test-runtime.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
// A Saturday.
const START = Date.parse("2026-11-21T10:00:00Z");

const JOBS = `
  export const note = internalMutation({ args: { text: v.string() }, handler: async (ctx, { text }) => {
    await ctx.db.insert("notes", { text, at: Date.now(), user: (await ctx.auth.getUserIdentity()) !== null });
    console.log("noted", text);
  } });
  export const fail = internalMutation({ handler: async (ctx) => {
    await ctx.db.insert("notes", { text: "never", at: 0, user: false });
    throw new Error("no luck");
  } });
  export const act = internalAction({ args: { text: v.string() }, handler: async (ctx, args) => {
    await ctx.runMutation("jobs:note", args);
  } });
  export const ask = query({ handler: async () => null });
  export const list = query({ handler: async (ctx) => (await ctx.db.query("notes").collect()).map(({ text, at }) => [text, at]) });
  export const peek = query({ handler: async (ctx) => ctx.db.system.query("_cron_jobs").collect() });`;

const crons = (...lines: string[]) => ({
  "jobs.ts": JOBS,
  "crons.ts": `import { cronJobs, makeFunctionReference } from "convex/server";
    const f = (name) => makeFunctionReference("jobs:" + name);
    const crons = cronJobs();
    ${lines.join("\n")}
    export default crons;`,
});

const open: TestRuntime[] = [];
afterEach(async () => {
  for (const t of open.splice(0)) await t.close();
});

async function start(lines: string[], options: TestOptions): Promise<TestRuntime> {
  const t = await openTestRuntime(crons(...lines), options);
  open.push(t);
  return t;
}

async function restart(t: TestRuntime, now: number): Promise<TestRuntime> {
  open.splice(open.indexOf(t), 1);
  const next = await t.restart({ now: () => now });
  open.push(next);
  return next;
}

async function notes(t: TestRuntime): Promise<EncodedValue[]> {
  const { value } = (await t.query("jobs:list")) as { value: string };
  return JSON.parse(value);
}

/** The stored jobs by name: when each runs next, in ms after the start. */
function nextTimes(t: TestRuntime): { [name: string]: number } {
  const transaction = t.database.beginQuery();
  try {
    const jobs = cronJobs(transaction).map((job) => [job.name, job.nextTime - START]);
    return Object.fromEntries(jobs);
  } finally {
    transaction.close();
  }
}

const ran = (t: TestRuntime, count: number) =>
  t.until(async () => (await notes(t)).length === count);

const EVERY_HOUR = 'crons.interval("a", { hours: 1 }, f("note"), { text: "a" });';

test("an interval runs once when it is first loaded, without an identity", async () => {
  const t = await start([EVERY_HOUR], { now: () => START });
  await ran(t, 1);
  expect(await notes(t)).toEqual([["a", START]]);
  expect(nextTimes(t)).toEqual({ a: HOUR });
  expect(t.logged).toContain("[jobs:note] [LOG] 'noted' 'a'");
});

test("an interval goes on from its scheduled time, and leaves out what has passed", async () => {
  const t = await start([EVERY_HOUR], { now: () => START });
  await ran(t, 1);
  const next = await restart(t, START + 5.5 * HOUR);
  await ran(next, 2);
  expect(nextTimes(next)).toEqual({ a: 6 * HOUR });
});

test("times of the clock wait for their first, and give one run for all that were missed", async () => {
  const lines = [
    'crons.hourly("hourly", { minuteUTC: 5 }, f("note"), { text: "hourly" });',
    'crons.daily("daily", { hourUTC: 9, minuteUTC: 30 }, f("note"), { text: "daily" });',
    'crons.weekly("weekly", { dayOfWeek: "monday", hourUTC: 0, minuteUTC: 0 }, f("note"), { text: "weekly" });',
    'crons.monthly("monthly", { day: 31, hourUTC: 0, minuteUTC: 0 }, f("note"), { text: "monthly" });',
    'crons.cron("cron", "15 10 * * *", f("note"), { text: "cron" });',
  ];
  const t = await start(lines, { now: () => START });
  expect(await notes(t)).toEqual([]);
  expect(nextTimes(t)).toEqual({
    hourly: HOUR / 12,
    cron: HOUR / 4,
    daily: 23.5 * HOUR,
    weekly: 38 * HOUR,
    monthly: Date.parse("2026-12-31T00:00:00Z") - START,
  });
  const next = await restart(t, START + 2 * DAY);
  await ran(next, 4);
  const texts = (await notes(next)).map((note) => (note as [string])[0]);
  expect(texts.sort()).toEqual(["cron", "daily", "hourly", "weekly"]);
  expect(nextTimes(next)).toMatchObject({
    hourly: 2 * DAY + HOUR / 12,
    daily: 2 * DAY + 23.5 * HOUR,
  });
});

test("a job of the clock without a minute has one of its own, the same at every load", async () => {
  const line = 'crons.hourly("some name", f("note"), { text: "a" });';
  const t = await start([line], { now: () => START });
  const first = nextTimes(t);
  expect(first["some name"]).toBeLessThanOrEqual(HOUR);
  t.write(crons(line, EVERY_HOUR));
  await t.runtime.reload();
  expect(nextTimes(t)).toMatchObject(first);
});

test("an action is a job, and one that throws is tried at its next time again", async () => {
  const lines = [
    'crons.interval("act", { hours: 1 }, f("act"), { text: "a" });',
    'crons.interval("fail", { hours: 1 }, f("fail"));',
  ];
  const t = await start(lines, { now: () => START });
  await ran(t, 1);
  await t.until(async () => Object.values(nextTimes(t)).every((time) => time === HOUR));
  expect(await notes(t)).toEqual([["a", START]]);
  await t.until(async () => t.logged.some((line) => line.includes("no luck")));
});

test("unchanged jobs keep their times over loads; changed and gone ones do not", async () => {
  let now = START;
  const other = 'crons.interval("b", { hours: 2 }, f("note"), { text: "b" });';
  const t = await start([EVERY_HOUR, other], { now: () => now });
  await ran(t, 2);
  now = START + HOUR / 2;
  await t.runtime.reload();
  expect(nextTimes(t)).toEqual({ a: HOUR, b: 2 * HOUR });

  t.write(
    crons(
      'crons.interval("a", { minutes: 90 }, f("note"), { text: "a" });',
      'crons.interval("b", { hours: 2 }, f("note"), { text: "other" });',
    ),
  );
  await t.runtime.reload();
  expect(nextTimes(t)).toEqual({ a: 1.5 * HOUR, b: 2 * HOUR });

  t.write(crons(other));
  await t.runtime.reload();
  expect(nextTimes(t)).toEqual({ b: 2 * HOUR });
  expect(await notes(t)).toHaveLength(2);
});

test("an action that was in progress when the server ended is not tried again", async () => {
  const t = await start(['crons.interval("act", { hours: 1 }, f("act"), { text: "a" });'], {
    now: () => START,
  });
  await t.until(async () => nextTimes(t).act === HOUR);
  await t.database.mutate({}, async (transaction) => {
    const [job] = cronJobs(transaction);
    transaction.system.patch(job?._id ?? "", { state: "inProgress" });
    return { value: "null", logLines: [] };
  });
  const next = await restart(t, START + 1.5 * HOUR);
  expect(next.logged).toContain('The server ended while the cron job "act" was running');
  expect(nextTimes(next)).toEqual({ act: 2 * HOUR });
  expect(await notes(next)).toHaveLength(1);
});

test("one run at a time: the next begins when the one before has ended", async () => {
  let now = START;
  const files = crons('crons.interval("slow", { seconds: 1 }, f("slow"));');
  const slow = `${JOBS}
    export const release = mutation({ handler: async (ctx) => { await ctx.db.insert("notes", { text: "release", at: 0, user: false }); } });
    export const slow = internalAction({ handler: async (ctx) => {
      await ctx.runMutation("jobs:note", { text: "begin" });
      while (!(await ctx.runQuery("jobs:list")).some(([text]) => text === "release")) await new Promise((resolve) => setTimeout(resolve, 5));
      await ctx.runMutation("jobs:note", { text: "end" });
    } });`;
  const t = await openTestRuntime({ ...files, "jobs.ts": slow }, { now: () => now });
  open.push(t);
  await ran(t, 1);
  now += 10_000;
  await t.mutation("jobs:release");
  await t.until(async () => (await notes(t)).length >= 4);
  const texts = (await notes(t)).map((note) => (note as [string])[0]);
  expect(texts.slice(0, 4)).toEqual(["begin", "release", "end", "begin"]);
});

test("functions cannot see the table of the jobs, as in the cloud", async () => {
  const t = await start([EVERY_HOUR], { now: () => START });
  expect(await t.query("jobs:peek")).toMatchObject({ ok: true, value: "[]" });
});

test.each([
  ["export default {};", "The default export of `convex/crons.ts` is not cronJobs()"],
  [
    'import { cronJobs, makeFunctionReference } from "convex/server"; const c = cronJobs(); c.hourly("x", { minuteUTC: 1 }, makeFunctionReference("jobs:none")); export default c;',
    'Cannot schedule the cron job "x": expected "jobs.js:none" to be a mutation or an action, got none',
  ],
  [
    'import { cronJobs, makeFunctionReference } from "convex/server"; const c = cronJobs(); c.hourly("x", { minuteUTC: 1 }, makeFunctionReference("jobs:ask")); export default c;',
    "got Query",
  ],
  [
    'import { cronJobs, makeFunctionReference } from "convex/server"; const c = cronJobs(); c.cron("x", "0 0 30 2 *", makeFunctionReference("jobs:fail")); export default c;',
    'Cannot schedule the cron job "x": "0 0 30 2 *" names no day',
  ],
])("a crons.ts that cannot be is refused: %#", async (source, message) => {
  await expect(
    openTestRuntime({ "jobs.ts": JOBS, "crons.ts": source }, { now: () => START }),
  ).rejects.toThrow(message);
});
