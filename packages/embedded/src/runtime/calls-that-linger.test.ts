/** What happens around the end of a call: commits meanwhile, promises left behind, the shutdown. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { openTestRuntime, type TestRuntime } from "./test-runtime.js";

const FILES = {
  "a.ts": `
    export const add = mutation({ args: {}, handler: async (ctx) => { await ctx.db.insert("rows", {}); } });
    const elsewhere = async () => crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt"]), new Uint8Array(1));
    export const twoReads = query({ args: {}, handler: async (ctx) => {
      const before = (await ctx.db.query("rows").collect()).length;
      await elsewhere();
      return [before, (await ctx.db.query("rows").collect()).length];
    } });
    export const slow = action({ args: {}, handler: async (ctx) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      await ctx.runMutation("a:add", {});
      return "done";
    } });
    export const leaves = action({ args: {}, handler: async (ctx) => {
      ctx.runMutation("a:none", {});
      setTimeout(() => { throw new Error("in a timer"); }, 0);
      new Promise((_, reject) => setTimeout(() => reject(new Error("later")), 0));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return "survived";
    } });`,
};

const open: TestRuntime[] = [];
afterEach(async () => {
  for (const t of open.splice(0)) await t.close();
});

test("a query that was overtaken while it waited is run again, so it sees one moment", async () => {
  const t = await openTestRuntime(FILES);
  open.push(t);
  const [query] = await Promise.all([t.query("a:twoReads"), t.mutation("a:add")]);
  expect(query).toMatchObject({ ok: true, value: expect.stringMatching(/^\[(\d),\1\]$/) });
});

test("closing waits for the calls that run", async () => {
  const t = await openTestRuntime(FILES);
  const slow = t.action("a:slow");
  await t.close();
  expect(await slow).toMatchObject({ ok: true, value: '"done"' });
});

test("a failure of the server itself is thrown, not told as the function's error", async () => {
  const t = await openTestRuntime(FILES);
  const slow = expect(t.action("a:slow")).rejects.toThrow();
  await t.database.close();
  await slow;
  await t.close();
});

test("what an action leaves behind and fails later does not end the process", async () => {
  const rig = new URL("./test-runtime.ts", import.meta.url).href;
  const program = `
    import { openTestRuntime } from ${JSON.stringify(rig)};
    const t = await openTestRuntime(${JSON.stringify(FILES)});
    const { value, logLines } = await t.action("a:leaves");
    console.log(JSON.stringify({ value, logLines: logLines.map((line) => line.split("\\n")[0]) }));
    await t.close();
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=convex", "--import", "tsx", "--input-type=module", "--eval", program],
    { cwd: fileURLToPath(new URL("../..", import.meta.url)) },
  );
  const { value, logLines } = JSON.parse(stdout);
  expect(value).toBe('"survived"');
  expect(logLines).toEqual([
    expect.stringMatching(
      /^\[ERROR\] 'Uncaught \(in promise\)' .*Could not find function for 'a:none'/,
    ),
    expect.stringMatching(/^\[ERROR\] .*in a timer/),
    expect.stringMatching(/^\[ERROR\] 'Uncaught \(in promise\)' .*later/),
  ]);
});
