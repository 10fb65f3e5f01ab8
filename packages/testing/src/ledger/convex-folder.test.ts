/** This repository's own `convex/` folder, as an app that adopts the ledger would write it. */
import * as ledger from "@tideline/ledger";
import { FUNCTION_NAMES } from "@tideline/version";
import { convexTest } from "convex-test";
import { expect, test } from "vitest";
import * as deployments from "../../../../convex/deployments.js";
import schema from "../../../../convex/schema.js";

test("it re-exports every function of the ledger, and nothing else", () => {
  const { ledgerTables, deploymentsRoute, ...functions } = ledger;
  expect({ ...deployments }).toEqual({ ...functions });
});

test("it has every function that the packages call by name", () => {
  for (const path of Object.values(FUNCTION_NAMES)) {
    const [module, name = ""] = path.split(":");
    expect(module).toBe("deployments");
    expect(Object.keys(deployments)).toContain(name);
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
