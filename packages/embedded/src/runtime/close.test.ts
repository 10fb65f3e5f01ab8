import { expect, test } from "vitest";
import { openTestRuntime } from "./test-runtime.js";

const ACTIONS = `
  export const count = query({ handler: async (ctx) => (await ctx.db.query("rows").collect()).length });
  export const add = mutation({ handler: async (ctx) => { await ctx.db.insert("rows", {}); } });
  export const later = mutation({ handler: async (ctx) => { await ctx.scheduler.runAfter(0, "a:endless"); } });
  export const endless = action({ handler: async (ctx) => {
    await ctx.runMutation("a:add");
    await new Promise(() => {});
  } });
  export const late = action({ handler: async (ctx, { ms }) => {
    await ctx.runMutation("a:add");
    await new Promise((resolve) => setTimeout(resolve, ms));
    const outcomes = await Promise.allSettled([ctx.runQuery("a:count"), ctx.runMutation("a:add")]);
    return outcomes.map(({ status }) => status);
  } });
`;

test("close waits for actions, called and scheduled, only so long", async () => {
  const t = await openTestRuntime({ "a.ts": ACTIONS }, { closeTimeoutMs: 20 });
  void t.action("a:endless");
  await t.mutation("a:later");
  await t.until(async () => (await countOf(t)) === 2);
  await t.close();
});

test("an action that goes on after the end finds the database closed", async () => {
  const t = await openTestRuntime({ "a.ts": ACTIONS }, { closeTimeoutMs: 1 });
  const late = t.action("a:late", { ms: 100 }).catch((error: unknown) => error);
  await t.until(async () => (await countOf(t)) === 1);
  await t.close();
  expect(await late).toBeInstanceOf(Error);
});

async function countOf(t: Awaited<ReturnType<typeof openTestRuntime>>): Promise<number> {
  const outcome = await t.query("a:count");
  return outcome.ok ? Number(outcome.value) : 0;
}
