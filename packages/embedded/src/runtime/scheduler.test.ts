import { afterEach, expect, test } from "vitest";
import type { EncodedValue } from "../contract.js";
import { openTestRuntime, type TestOptions, type TestRuntime } from "./test-runtime.js";

const FILES = {
  "jobs.ts": `
    export const add = internalMutation({ args: { text: v.string() }, handler: async (ctx, { text }) => {
      const [own] = (await ctx.db.system.query("_scheduled_functions").collect()).filter((job) => job.args[0].text === text);
      await ctx.db.insert("done", { text: text + " " + own?.state.kind });
      console.log("added", text);
    } });
    export const fail = internalMutation({ args: { text: v.string() }, handler: async (ctx, { text }) => {
      await ctx.db.insert("done", { text });
      throw new Error("no luck");
    } });
    export const act = internalAction({ args: { text: v.string() }, handler: async (ctx, { text }) => {
      await ctx.runMutation("jobs:note", { text: text + " " + ((await ctx.auth.getUserIdentity()) === null) });
    } });
    export const actAndFail = internalAction({ args: { text: v.string() }, handler: async () => { throw new Error("no luck"); } });
    export const note = internalMutation({ args: { text: v.string() }, handler: async (ctx, { text }) => { await ctx.db.insert("done", { text }); } });
    export const cancelSelf = internalMutation({ args: { text: v.string() }, handler: async (ctx) => {
      const { scheduledFunctionId } = await ctx.meta.getRequestMetadata();
      try { await ctx.scheduler.cancel(scheduledFunctionId); } catch (error) { await ctx.db.insert("done", { text: error.message }); }
    } });
    export const ask = internalQuery({ args: { text: v.string() }, handler: async () => null });
    export const later = mutation({ args: { name: v.string(), text: v.string(), ms: v.number() }, handler: async (ctx, { name, text, ms }) => ctx.scheduler.runAfter(ms, "jobs:" + name, { text }) });
    export const laterFromAction = action({ args: { text: v.string() }, handler: async (ctx, { text }) => ctx.scheduler.runAfter(0, "jobs:add", { text }) });
    export const laterAndFail = mutation({ handler: async (ctx) => { await ctx.scheduler.runAfter(0, "jobs:note", { text: "never" }); throw new Error("undo"); } });
    export const cancel = mutation({ args: { id: v.id("_scheduled_functions") }, handler: async (ctx, { id }) => ctx.scheduler.cancel(id) });
    export const at = mutation({ args: { ms: v.number() }, handler: async (ctx, { ms }) => ctx.scheduler.runAt(ms, "jobs:note", { text: "at" }) });
    export const many = mutation({ args: { count: v.number() }, handler: async (ctx, { count }) => {
      for (let n = 0; n < count; n++) await ctx.scheduler.runAfter(0, "jobs:note", { text: "n" });
      return (await ctx.meta.getTransactionMetrics()).functionsScheduled;
    } });
    export const list = query({ handler: async (ctx) => (await ctx.db.query("done").collect()).map(({ text }) => text) });
    export const all = query({ handler: async (ctx) => (await ctx.db.system.query("_scheduled_functions").collect()).map(({ _id, _creationTime, ...job }) => job) });
    export const one = query({ args: { id: v.id("_scheduled_functions") }, handler: async (ctx, { id }) => ctx.db.system.get(id) });`,
};

const HOUR = 3_600_000;
const open: TestRuntime[] = [];
afterEach(async () => {
  for (const t of open.splice(0)) await t.close();
});

async function start(options: TestOptions = {}): Promise<TestRuntime> {
  const t = await openTestRuntime(FILES, options);
  open.push(t);
  return t;
}

async function restart(t: TestRuntime, options: TestOptions): Promise<TestRuntime> {
  open.splice(open.indexOf(t), 1);
  const next = await t.restart(options);
  open.push(next);
  return next;
}

async function value(outcome: Promise<object>): Promise<EncodedValue> {
  const settled = (await outcome) as { value?: string; errorMessage?: string };
  if (settled.value === undefined) throw new Error(settled.errorMessage);
  return JSON.parse(settled.value);
}

type Job = {
  scheduledTime: number;
  state: { kind: string; error?: string };
  completedTime?: number;
};
const jobs = async (t: TestRuntime) => (await value(t.query("jobs:all"))) as unknown as Job[];
const done = (t: TestRuntime) => value(t.query("jobs:list"));
const settled = (t: TestRuntime) =>
  t.until(async () => (await jobs(t)).every(({ completedTime }) => completedTime !== undefined));

test("a scheduled mutation runs by itself and sees itself in progress", async () => {
  const t = await start({ now: () => 1_700_000_000_000 });
  const id = await value(t.mutation("jobs:later", { name: "add", text: "a", ms: 0 }));
  await settled(t);
  expect(await done(t)).toEqual(["a inProgress"]);
  expect(await value(t.query("jobs:one", { id }))).toEqual({
    _id: id,
    _creationTime: expect.any(Number),
    name: "jobs.js:add",
    args: [{ text: "a" }],
    scheduledTime: 1_700_000_000_000,
    completedTime: 1_700_000_000_000,
    state: { kind: "success" },
  });
  expect(t.logged).toContain("[jobs:add] [LOG] 'added' 'a'");
});

test("a scheduled action runs without an identity", async () => {
  const t = await start();
  const identity = { kind: "user", attributes: { subject: "me" } } as const;
  await value(t.mutation("jobs:later", { name: "act", text: "a", ms: 0 }, { identity }));
  await settled(t);
  expect(await done(t)).toEqual(["a true"]);
});

test("an action schedules at once", async () => {
  const t = await start();
  await value(t.action("jobs:laterFromAction", { text: "a" }));
  await settled(t);
  expect(await done(t)).toEqual(["a inProgress"]);
});

test.each(["fail", "actAndFail"])(
  "%s: a job that throws has failed, and its writes are undone",
  async (name) => {
    const t = await start();
    await value(t.mutation("jobs:later", { name, text: "a", ms: 0 }));
    await settled(t);
    expect(await done(t)).toEqual([]);
    expect((await jobs(t))[0]?.state).toEqual({
      kind: "failed",
      error: expect.stringMatching(/^Uncaught Error: no luck\n {4}at handler/),
    });
    await t.until(async () => t.logged.some((line) => line.includes("no luck")));
  },
);

test("a query cannot be a job", async () => {
  const t = await start();
  await value(t.mutation("jobs:later", { name: "ask", text: "a", ms: 0 }));
  await settled(t);
  expect((await jobs(t))[0]?.state.kind).toBe("failed");
});

test("what a mutation schedules is undone with it", async () => {
  const t = await start();
  expect(await t.mutation("jobs:laterAndFail")).toMatchObject({ ok: false });
  expect(await jobs(t)).toEqual([]);
});

test("a job does not run before its time", async () => {
  const t = await start();
  await value(t.mutation("jobs:later", { name: "note", text: "a", ms: 30 }));
  await settled(t);
  const [job] = await jobs(t);
  expect(job?.completedTime).toBeGreaterThanOrEqual(job?.scheduledTime ?? Infinity);
});

test("jobs that are due start in the order of their times", async () => {
  let now = 0;
  const t = await start({ now: () => now });
  await value(t.mutation("jobs:later", { name: "note", text: "second", ms: 60 }));
  await value(t.mutation("jobs:later", { name: "note", text: "first", ms: 20 }));
  expect((await jobs(t)).map(({ state }) => state.kind)).toEqual(["pending", "pending"]);
  now = 100;
  await value(t.mutation("jobs:later", { name: "note", text: "third", ms: 0 }));
  await settled(t);
  expect(await done(t)).toEqual(["first", "second", "third"]);
});

test("a canceled job does not run, and canceling again changes nothing", async () => {
  const t = await start({ now: () => 5_000 });
  const id = await value(t.mutation("jobs:later", { name: "note", text: "a", ms: HOUR }));
  await value(t.mutation("jobs:cancel", { id }));
  await value(t.mutation("jobs:cancel", { id }));
  expect(await jobs(t)).toMatchObject([{ state: { kind: "canceled" }, completedTime: 5_000 }]);
  const later = await restart(t, { now: () => 5_000 + 2 * HOUR });
  expect(await jobs(later)).toMatchObject([{ state: { kind: "canceled" } }]);
});

test("a mutation cannot cancel itself", async () => {
  const t = await start();
  await value(t.mutation("jobs:later", { name: "cancelSelf", text: "a", ms: 0 }));
  await settled(t);
  expect(await done(t)).toEqual(["A mutation cannot cancel itself"]);
});

test("a job that came due while the server was down runs at the next start", async () => {
  const t = await start({ now: () => 0 });
  await value(t.mutation("jobs:later", { name: "add", text: "a", ms: HOUR }));
  await value(t.mutation("jobs:later", { name: "note", text: "not yet", ms: 3 * HOUR }));
  const next = await restart(t, { now: () => 2 * HOUR });
  await next.until(async () => (await jobs(next)).some(({ state }) => state.kind === "success"));
  expect(await done(next)).toEqual(["a inProgress"]);
  expect((await jobs(next)).map(({ state }) => state.kind).sort()).toEqual(["pending", "success"]);
});

test("an action that was in progress when the server ended has failed and is not tried again", async () => {
  const t = await start({ now: () => 0 });
  const id = await value(t.mutation("jobs:later", { name: "act", text: "a", ms: HOUR }));
  await t.database.mutate({}, async ({ system }) => {
    system.patch(String(id), { state: { kind: "inProgress" } });
    return { value: "null", logLines: [] };
  });
  const next = await restart(t, { now: () => 2 * HOUR });
  expect((await jobs(next))[0]?.state).toEqual({
    kind: "failed",
    error: "The server ended while the action was running",
  });
  expect(await done(next)).toEqual([]);
});

test("ended jobs are kept for seven days", async () => {
  const t = await start({ now: () => 0 });
  await value(t.mutation("jobs:later", { name: "note", text: "a", ms: 0 }));
  await value(t.mutation("jobs:later", { name: "note", text: "b", ms: 30 * 24 * HOUR }));
  await t.until(async () => (await jobs(t)).some(({ state }) => state.kind === "success"));
  const within = await restart(t, { now: () => 7 * 24 * HOUR - 1 });
  expect(await jobs(within)).toHaveLength(2);
  const after = await restart(within, { now: () => 7 * 24 * HOUR + 1 });
  expect((await jobs(after)).map(({ state }) => state.kind)).toEqual(["pending"]);
});

test("more jobs than run side by side all run", async () => {
  const t = await start();
  await value(t.mutation("jobs:many", { count: 30 }));
  await settled(t);
  expect(await done(t)).toHaveLength(30);
});

test("a mutation schedules at most 1,000 functions, and can see how many are left", async () => {
  const t = await start();
  expect(await value(t.mutation("jobs:many", { count: 3 }))).toEqual({ used: 3, remaining: 997 });
  expect(await t.mutation("jobs:many", { count: 1_001 })).toMatchObject({
    errorMessage: expect.stringContaining(
      "Too many functions scheduled by this mutation (limit: 1000)",
    ),
  });
});

test("the target has to exist, and the time to be within five years", async () => {
  const t = await start({ now: () => 0 });
  const refusal = async (path: string, args: EncodedValue) =>
    ((await t.mutation(path, args)) as { errorMessage?: string }).errorMessage;
  expect(await refusal("jobs:later", { name: "none", text: "", ms: 0 })).toContain(
    "Attempted to schedule function, but no exported function none found in the file: jobs.js. Did you forget to export it?",
  );
  expect(await refusal("jobs:at", { ms: 6 * 366 * 24 * HOUR })).toContain("more than 5 years");
});
