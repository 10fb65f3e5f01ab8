import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestRuntime, type TestRuntime } from "./test-runtime.js";

let t: TestRuntime;
beforeAll(async () => {
  t = await openTestRuntime({
    "rows.ts": `
      export const add = mutation({ args: { n: v.number() }, handler: async (ctx, { n }) => { await ctx.db.insert("rows", { n }); console.log(n); } });
      export const addAndFail = mutation({ args: { n: v.number() }, handler: async (ctx, { n }) => {
        await ctx.runMutation("rows:add", { n: n + 0.5 });
        await ctx.db.insert("rows", { n });
        throw new ConvexError({ n });
      } });
      export const all = query({ handler: async (ctx) => (await ctx.db.query("rows").collect()).map((row) => row.n) });
      export const clear = mutation({ handler: async (ctx) => { for (const row of await ctx.db.query("rows").collect()) await ctx.db.delete(row._id); } });
      export const caught = mutation({ handler: async (ctx) => {
        await ctx.db.insert("rows", { n: 1 });
        let data;
        try { await ctx.runMutation("rows:addAndFail", { n: 2 }); } catch (error) { data = error.data; }
        await ctx.runMutation("rows:add", { n: 3 });
        return [data, await ctx.runQuery("rows:all")];
      } });
      export const uncaught = mutation({ handler: async (ctx) => {
        await ctx.db.insert("rows", { n: 1 });
        await ctx.runMutation("rows:addAndFail", { n: 2 });
      } });
      export const atOnce = mutation({ handler: async (ctx) => {
        const results = await Promise.allSettled([
          ctx.runMutation("rows:addAndFail", { n: 1 }),
          ctx.db.insert("rows", { n: 2 }),
          ctx.runMutation("rows:add", { n: 3 }),
          ctx.runMutation("rows:addAndFail", { n: 4 }),
          ctx.db.insert("rows", { n: 5 }),
        ]);
        return results.map(({ status }) => status);
      } });
      import { componentsGeneric } from "convex/server";
      export const callsComponent = mutation({ handler: async (ctx) => { await ctx.runMutation(componentsGeneric().other.a.b); } });
      export const badArgs = mutation({ handler: async (ctx) => {
        try { await ctx.runMutation("rows:add", { n: "text" }); } catch (error) { return error.message; }
      } });
      export const notAwaited = mutation({ handler: async (ctx) => { ctx.runMutation("rows:add", { n: 9 }); } });
      export const deep = query({ args: { depth: v.number() }, handler: async (ctx, { depth }) => depth === 0 ? "bottom" : ctx.runQuery("rows:deep", { depth: depth - 1 }) });
      export const sneaky = query({ handler: async (ctx) => ctx.runMutation ? "has it" : "has it not" });
      export const tooLate = mutation({ handler: async (ctx) => {
        Promise.resolve().then(async () => {
          for (let i = 0; i < 1000; i++) await null;
          await ctx.db.insert("rows", { n: 99 });
        });
      } });
      export const failsFirst = mutation({ handler: async (ctx) => {
        await Promise.all([
          ctx.runMutation("rows:addAndFail", { n: 1 }),
          ctx.runMutation("rows:add", { n: 2 }),
          ctx.runMutation("rows:add", { n: 3 }),
        ]);
      } });
      export const catchesFirst = mutation({ handler: async (ctx) => {
        try { await ctx.runMutation("rows:failsFirst"); } catch {}
        return ctx.runQuery("rows:all");
      } });
      const compute = async () => {
        const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "PBKDF2", false, ["deriveBits"]);
        await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-512", salt: new Uint8Array(16), iterations: 3_000_000 }, key, 256);
      };
      export const slow = mutation({ handler: async (ctx) => {
        await ctx.db.insert("rows", { n: 1 });
        await compute();
        console.log("computed");
        await ctx.db.insert("rows", { n: 2 });
      } });
      export const slowAction = action({ handler: compute });
      export const callsSlow = mutation({ handler: async (ctx) => { await ctx.runMutation("rows:slow"); } });
      export const stuck = mutation({ handler: async () => { await new Promise(() => {}); } });`,
  });
});
afterAll(() => t.close());

const rows = async () => JSON.parse(((await t.query("rows:all")) as { value: string }).value);

test("a nested mutation that fails is undone alone, with what it had called", async () => {
  await t.mutation("rows:clear");
  const outcome = await t.mutation("rows:caught");
  expect(outcome).toMatchObject({
    ok: true,
    value: '[{"n":2},[1,3]]',
    logLines: ["[LOG] 2.5", "[LOG] 3"],
  });
  expect(await rows()).toEqual([1, 3]);
});

test("a nested failure that is not caught undoes everything and keeps its data", async () => {
  await t.mutation("rows:clear");
  expect(await t.mutation("rows:uncaught")).toMatchObject({ ok: false, errorData: { n: 2 } });
  expect(await rows()).toEqual([]);
});

test("nested mutations started at once run one after the other, apart from the caller's writes", async () => {
  await t.mutation("rows:clear");
  expect(await t.mutation("rows:atOnce")).toMatchObject({
    value: '["rejected","fulfilled","fulfilled","rejected","fulfilled"]',
  });
  expect(await rows()).toEqual([2, 3, 5]);
});

test("arguments of nested calls are checked, with an ordinary error", async () => {
  expect(await t.mutation("rows:badArgs")).toMatchObject({
    value: expect.stringMatching(/^"ArgumentValidationError: Value does not match validator/),
  });
});

test("a nested mutation that nobody waits for is part of the mutation", async () => {
  await t.mutation("rows:clear");
  expect(await t.mutation("rows:notAwaited")).toMatchObject({ ok: true });
  expect(await rows()).toEqual([9]);
});

test("calls nest eight deep", async () => {
  expect(await t.query("rows:deep", { depth: 8 })).toMatchObject({ value: '"bottom"' });
  expect(await t.query("rows:deep", { depth: 9 })).toMatchObject({
    errorMessage: expect.stringContaining("Cross component call depth limit exceeded."),
  });
});

test("a write after the mutation has ended does not happen", async () => {
  await t.mutation("rows:clear");
  expect(await t.mutation("rows:tooLate")).toMatchObject({ ok: true });
  await t.until(async () => t.logged.length >= 0);
  expect(await rows()).toEqual([]);
});

test("a mutation that waits for nothing is ended after a second and holds up nobody else", async () => {
  const stuck = t.mutation("rows:stuck");
  const next = t.mutation("rows:clear");
  expect(await stuck).toMatchObject({
    errorMessage: expect.stringContaining("Function execution timed out (maximum duration: 1s)"),
  });
  expect(await next).toMatchObject({ ok: true });
});

test("nested mutations still waiting when one has failed are undone with it", async () => {
  await t.mutation("rows:clear");
  expect(await t.mutation("rows:failsFirst")).toMatchObject({ ok: false });
  expect(await rows()).toEqual([]);
  expect(await t.mutation("rows:catchesFirst")).toMatchObject({ ok: true, value: "[]" });
});

test("what runs on after its time leaves the transactions after it alone", async () => {
  await t.mutation("rows:clear");
  const outOfTime = await t.mutation("rows:callsSlow");
  expect(outOfTime).toMatchObject({ errorMessage: expect.stringContaining("timed out") });
  // Begun later, the same computation ends later.
  const computed = t.action("rows:slowAction");
  expect(await t.mutation("rows:caught")).toMatchObject({ ok: true });
  await computed;
  expect(outOfTime.logLines).toEqual(["[LOG] 'computed'"]);
  expect(await t.mutation("rows:caught")).toMatchObject({ ok: true });
  expect(await rows()).toEqual([1, 3, 1, 3]);
});

test("a component's function is refused as the caller's fault, so that its client does not retry", async () => {
  expect(await t.mutation("rows:callsComponent")).toMatchObject({
    ok: false,
    errorMessage: expect.stringContaining("components are not supported"),
  });
});
