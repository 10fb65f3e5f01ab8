/** A folder whose functions throw, or whose schema the stored rows violate. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runServerProcess } from "../../../embedded/bench/support/server-process.js";
import { LedgerProcess } from "../crash/ledger-process.js";
import { historyOf } from "../crash/recordings.js";
import { WITNESS_APP, Witness } from "./witness.js";

// Inside the workspace, so that the folder finds its packages as any app's would.
const CACHE = fileURLToPath(new URL("../../../../node_modules/.cache/bad-input", import.meta.url));

const LEDGER = {
  "schema.ts": `import { ledgerTables } from "@tideline/ledger";
import { defineSchema } from "convex/server";
export default defineSchema({ ...ledgerTables });`,
  "deployments.ts": `export * from "@tideline/ledger";`,
};
/** As LEDGER, but every deployment must have said who approved it, which none has. */
const VIOLATED_SCHEMA = `import { ledgerTables } from "@tideline/ledger";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  ...ledgerTables,
  deployments: defineTable({
    ...(ledgerTables.deployments.validator.fields),
    approvedBy: v.string(),
  }).index("by_app_env", ["appName", "environment"])
    .index("by_app_env_sequence", ["appName", "environment", "sequence"])
    .index("by_idempotency_key", ["appName", "environment", "idempotencyKey", "sequence"]),
});`;
const SENTENCE =
  /^Document with ID "[0-9a-z]+" in table "deployments" does not match the schema: Object is missing the required field `approvedBy`\./m;

let folder: string;
let server: LedgerProcess | undefined;
beforeEach(async () => {
  await mkdir(CACHE, { recursive: true });
  folder = await mkdtemp(join(CACHE, "run-"));
  server = undefined;
});
afterEach(async () => {
  await server?.dispose();
  await rm(folder, { recursive: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

describe("a function that throws", () => {
  it("tells its caller, undoes its writes, and stops nobody", async () => {
    await write({
      ...LEDGER,
      "faulty.ts": `import { mutationGeneric, queryGeneric } from "convex/server";
export const write = mutationGeneric({ handler: async (ctx) => {
  await ctx.db.insert("scraps", { text: "half" });
  throw new Error("out of paper");
} });
export const forgotten = mutationGeneric({ handler: async (ctx) => {
  void Promise.reject(new Error("nobody waits for this"));
  await ctx.db.insert("scraps", { text: "whole" });
} });
export const waits = mutationGeneric({ handler: () => new Promise(() => {}) });
export const read = queryGeneric({ handler: async () => { throw "a string"; } });
export const count = queryGeneric({ handler: async (ctx) => (await ctx.db.query("scraps").collect()).length });`,
      "schema.ts": LEDGER["schema.ts"].replace("});", "}, { schemaValidation: false });"),
    });
    server = await LedgerProcess.start({ dir: folder });
    const witness = new Witness(server.url);
    const socket = new ConvexClient(server.url, { logger: false });
    const http = new ConvexHttpClient(server.url, { logger: false });
    const call = (name: string) => makeFunctionReference<"mutation">(`faulty:${name}`);
    const ask = (name: string) => makeFunctionReference<"query">(`faulty:${name}`);
    const failed = new Promise<Error>((resolve) => {
      socket.onUpdate(ask("read"), {}, () => {}, resolve);
    });

    for (const client of [socket, http]) {
      await expect(client.mutation(call("write"), {})).rejects.toThrow(
        /Uncaught Error: out of paper\n +at .*faulty\.ts:4/,
      );
      await expect(client.query(ask("read"), {})).rejects.toThrow(/Uncaught a string/);
      await expect(client.mutation(call("waits"), {})).rejects.toThrow(
        /Function execution timed out \(maximum duration: 1s\)/,
      );
      expect(await client.query(ask("count"), {})).toBe(0);
      await witness.round();
    }
    expect((await failed).message).toMatch(/Uncaught a string/);
    await http.mutation(call("forgotten"), {}).catch(() => {});
    await witness.round();
    expect(server.output).toMatch(
      /^Mutation "faulty:write" failed: Uncaught Error: out of paper$/m,
    );
    expect(await historyOf(http, WITNESS_APP)).toHaveLength(witness.rounds);
    await socket.close();
    await witness.close();
  }, 60_000);
});

describe("a schema that stored rows violate", () => {
  it("is refused at the start in the upstream sentence, and the data stays", async () => {
    await write(LEDGER);
    server = await LedgerProcess.start({ dir: folder });
    const witness = new Witness(server.url);
    for (let round = 0; round < 3; round += 1) await witness.round();
    await witness.close();
    const before = await historyOf(new ConvexHttpClient(server.url), WITNESS_APP);
    expect(before).toHaveLength(3);
    await server.stop("SIGTERM");

    await write({ "schema.ts": VIOLATED_SCHEMA });
    const free = ["--port", "0", "--site-port", "0"];
    const { code, output } = await runServerProcess([
      ...["--dir", folder, "--data", server.data, ...free],
    ]);
    expect(output).toMatch(SENTENCE);
    expect(code).toBe(1);

    await write(LEDGER);
    await server.start();
    expect(await historyOf(new ConvexHttpClient(server.url), WITNESS_APP)).toEqual(before);
  }, 60_000);

  it("is refused by a watching server, which keeps the code that it has until the folder is mended", async () => {
    await write(LEDGER);
    server = await LedgerProcess.start({ dir: folder, args: ["--watch"] });
    const witness = new Witness(server.url);
    await witness.round();
    await write({ "schema.ts": VIOLATED_SCHEMA });
    await vi.waitFor(() => expect(server?.output).toMatch(SENTENCE), 20_000);
    await witness.round();

    await write({
      "schema.ts": VIOLATED_SCHEMA.replace(
        "approvedBy: v.string()",
        "approvedBy: v.optional(v.string())",
      ),
    });
    await vi.waitFor(() => expect(server?.output).toMatch(/^Functions reloaded$/m), 20_000);
    await witness.round();
    expect(await historyOf(new ConvexHttpClient(server.url), WITNESS_APP)).toHaveLength(3);
    await witness.close();
  }, 60_000);
});
