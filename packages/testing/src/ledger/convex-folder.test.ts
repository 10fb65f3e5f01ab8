/** This repository's own `convex/` folder, as an app that adopts the ledger would write it. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as ledger from "@tideline/ledger";
import { FUNCTION_NAMES } from "@tideline/version";
import { FLEET_FUNCTIONS } from "@tideline/version/fleet";
import { convexTest } from "convex-test";
import { expect, test } from "vitest";
import * as deployments from "../../../../convex/deployments.js";
import * as fleet from "../../../../convex/fleet.js";
import schema from "../../../../convex/schema.js";

test("it re-exports every function of the ledger, and nothing else", () => {
  const { ledgerTables, fleetTables, fleetFunctions, ...rest } = ledger;
  const { deploymentsRoute, webhookGetRoute, webhookRoute, ...ofDeployments } = rest;
  expect({ ...deployments }).toEqual(ofDeployments);
  expect({ ...fleet }).toEqual(fleetFunctions);
});

test("it has every function that the packages call by name", () => {
  const modules = { deployments, fleet };
  for (const path of [...Object.values(FUNCTION_NAMES), ...Object.values(FLEET_FUNCTIONS)]) {
    const [module = "", name = ""] = path.split(":");
    expect(Object.keys(modules[module as keyof typeof modules])).toContain(name);
  }
});

test("the samples of the ledger's README are these very files, and can be pasted", async () => {
  const path = fileURLToPath(new URL("../../../ledger/README.md", import.meta.url));
  const [, fleetPart = ""] = (await readFile(path, "utf8")).split("\n## The fleet\n");
  const samples = [...fleetPart.matchAll(/```ts\n\/\/ convex\/(\w+)\.ts[^\n]*\n(.*?)```/gs)];
  expect(samples.map(([, name]) => name)).toEqual(["schema", "fleet", "http", "crons"]);
  for (const [, name, sample = ""] of samples) {
    const file = fileURLToPath(new URL(`../../../../convex/${name}.ts`, import.meta.url));
    const has = lines(await readFile(file, "utf8"));
    for (const line of lines(sample)) expect(has, `${line} in ${file}`).toContain(line);
    // None of the functions may be left out.
    if (name === "fleet") expect(lines(sample)).toEqual(has);
  }
});

/** What counts in a file: each statement's lines without comments and trailing commas. */
function lines(text: string): string[] {
  const code = text.replace(/\/\*\*.*?\*\//gs, "").replace(/ *\/\/ .*$/gm, "");
  return code.split("\n").filter((line) => line.trim() !== "");
}

test("GET /health says that functions run", async () => {
  const t = convexTest(schema, {
    "../../../../convex/http.ts": () => import("../../../../convex/http.js"),
    "../../../../convex/_generated/api.js": () => import("../../../../convex/_generated/api.js"),
  });
  const response = await t.fetch("/health");
  expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
});
