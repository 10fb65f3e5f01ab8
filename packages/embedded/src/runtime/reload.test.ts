import { afterEach, expect, test } from "vitest";
import { type Files, openTestRuntime, type TestOptions, type TestRuntime } from "./test-runtime.js";

const open: TestRuntime[] = [];
afterEach(async () => {
  for (const t of open.splice(0)) await t.close();
});

async function start(files: Files, options: TestOptions = {}): Promise<TestRuntime> {
  const t = await openTestRuntime(files, options);
  open.push(t);
  return t;
}

const answer = (n: number) => `export const a = query({ handler: async () => ${n} });`;

test("a reload swaps the code and says so", async () => {
  const t = await start({ "a.ts": answer(1) });
  let reloads = 0;
  t.runtime.onReload(() => (reloads += 1));
  t.write({ "a.ts": answer(2), "dir/b.ts": answer(3) });
  await t.runtime.reload();
  expect(await t.query("a:a")).toMatchObject({ value: "2" });
  expect(await t.query("dir/b:a")).toMatchObject({ value: "3" });
  expect(reloads).toBe(1);
});

test.each([
  ["a syntax error", "export const a = query({", /^Cannot bundle convex\/a\.ts:2:\d+: /],
  [
    "a missing import",
    'import "./nowhere";',
    /^Cannot bundle convex\/a\.ts:2:8: Could not resolve "\.\/nowhere"/,
  ],
  [
    "a Node module",
    'import "node:fs";',
    /^Cannot bundle convex\/a\.ts:2:8: Could not resolve "node:fs"; Node\.js modules need the "use node" directive/,
  ],
  [
    "an error while loading",
    'export const x = 1;\nthrow new Error("at the top");',
    /^Cannot load convex\/a\.ts:3:7: Uncaught Error: at the top$/,
  ],
  [
    "a fetch while loading",
    "setTimeout(() => {}, 1); export const x = 1;",
    /Can't use setTimeout while a module is loaded/,
  ],
])("%s is named with its place, and the old code stays active", async (_, source, message) => {
  const t = await start({ "a.ts": answer(1) });
  t.write({ "a.ts": source });
  await expect(t.runtime.reload()).rejects.toThrow(message);
  expect(await t.query("a:a")).toMatchObject({ value: "1" });
  t.write({ "a.ts": answer(2) });
  await t.runtime.reload();
  expect(await t.query("a:a")).toMatchObject({ value: "2" });
});

test("a schema that a stored document does not fit is refused, and code and schema stay", async () => {
  const schema = (field: string) =>
    `export default defineSchema({ notes: defineTable({ ${field}: v.string() }) });`;
  const t = await start({
    "schema.ts": schema("text"),
    "a.ts": `${answer(1)} export const add = mutation({ handler: async (ctx) => { await ctx.db.insert("notes", { text: "x" }); } });`,
  });
  await t.mutation("a:add");
  t.write({ "schema.ts": schema("other"), "a.ts": answer(2) });
  await expect(t.runtime.reload()).rejects.toThrow(/in table "notes" does not match the schema/);
  expect(await t.query("a:a")).toMatchObject({ value: "1" });
  expect(await t.mutation("a:add", {})).toMatchObject({ ok: true });
});

test("starting with a folder that cannot be bundled fails", async () => {
  await expect(openTestRuntime({ "a.ts": "export const = 1" })).rejects.toThrow(
    /^Cannot bundle convex\/a\.ts:2:14/,
  );
});

test("a watched folder reloads by itself, and says what is wrong with it", async () => {
  const t = await start({ "a.ts": answer(1) }, { watch: true });
  const reloaded = new Promise<void>((resolve) => t.runtime.onReload(resolve));
  t.write({ "a.ts": answer(2) });
  await reloaded;
  expect(await t.query("a:a")).toMatchObject({ value: "2" });
});

test("what modules log while they are loaded is logged", async () => {
  const t = await start({ "a.ts": `console.log("loading");\n${answer(1)}` });
  expect(t.logged).toEqual(["[LOG] 'loading'"]);
});

test("components are named as not supported", async () => {
  const t = await start({
    "a.ts": answer(1),
    "convex.config.ts": "export default 1;",
  });
  expect(t.logged).toEqual([
    "components are not supported by the embedded server yet: convex.config.ts is passed over",
  ]);
});

test("test files, dotfiles and generated files are not modules", async () => {
  const t = await start({
    "a.ts": answer(1),
    "a.test.ts": "throw new Error('loaded');",
    "_generated/api.ts": "throw new Error('loaded');",
    ".hidden.ts": "throw new Error('loaded');",
    "with space.ts": "throw new Error('loaded');",
  });
  expect(t.runtime.functionSpecs().map(({ identifier }) => identifier)).toEqual(["a.js:a"]);
});

test("a module with a hyphen cannot hold functions", async () => {
  await expect(openTestRuntime({ "a-b.ts": answer(1) })).rejects.toThrow(
    "a-b.js is not a valid path to a Convex module. Path component `a-b.js` can only contain alphanumeric characters, underscores, or periods.",
  );
});

test('"use node" modules have Node, with the variables of the deployment', async () => {
  const files = {
    "n.ts": `"use node";
      import { createHash } from "node:crypto";
      export const a = action({ handler: async () => [createHash("sha1").update("abc").digest("hex").slice(0, 4), typeof Buffer, process.env.NAME, typeof process.version, process.env.PATH ?? null] });`,
  };
  const t = await start(files, { env: { NAME: "x" } });
  expect(await t.action("n:a")).toMatchObject({ value: '["a999","function","x","string",null]' });
});

test('"use node" modules hold only actions', async () => {
  const refused = openTestRuntime({ "n.ts": `"use node";\n${answer(1)}` });
  await expect(refused).rejects.toThrow(
    "`a` defined in `n.js` is a Query function. Only actions can be defined in Node.js.",
  );
});
