/** This repository's own `convex/` folder, as an app that adopts the ledger would write it. */
import * as ledger from "@tideline/ledger";
import { FUNCTION_NAMES } from "@tideline/version";
import { FLEET_FUNCTIONS } from "@tideline/version/fleet";
import { convexTest } from "convex-test";
import { expect, test } from "vitest";
import * as deployments from "../../../../convex/deployments.js";
import * as fleet from "../../../../convex/fleet.js";
import schema from "../../../../convex/schema.js";

test("it re-exports every function of the ledger, and nothing else", () => {
  const { ledgerTables, fleetTables, deploymentsRoute, webhookRoute, ...functions } = ledger;
  const { fleetFunctions, ...ofDeployments } = functions;
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

test("GET /health says that functions run", async () => {
  const t = convexTest(schema, {
    "../../../../convex/http.ts": () => import("../../../../convex/http.js"),
    "../../../../convex/_generated/api.js": () => import("../../../../convex/_generated/api.js"),
  });
  const response = await t.fetch("/health");
  expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
});
