import { makeFunctionReference } from "convex/server";
import { convexTest } from "convex-test";
import { vi } from "vitest";
import schema from "../../../../convex/schema.js";
import { describeLedger } from "./ledger.suite.js";
import type { LedgerClient } from "./ledger-client.js";

describeLedger(
  "convex-test",
  async (): Promise<LedgerClient> => {
    const modules = {
      "../../../../convex/deployments.ts": () => import("../../../../convex/deployments.js"),
      "../../../../convex/fleet.ts": () => import("../../../../convex/fleet.js"),
      "../../../../convex/http.ts": () => import("../../../../convex/http.js"),
      "../../../../convex/crons.ts": () => import("../../../../convex/crons.js"),
      "../../../../convex/_generated/api.js": () => import("../../../../convex/_generated/api.js"),
    };
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
    const t = convexTest(schema, modules);
    return {
      query: (path, args) => t.query(makeFunctionReference<"query">(path), args),
      mutation: (path, args) => t.mutation(makeFunctionReference<"mutation">(path), args),
      async setVariable(name, value) {
        if (value === null) delete process.env[name];
        else process.env[name] = value;
      },
      async advance(ms) {
        vi.advanceTimersByTime(ms);
        await t.finishInProgressScheduledFunctions();
      },
      fetch: (path, init) => t.fetch(path, init),
      isTimeFake: true,
      async close() {
        vi.useRealTimers();
        for (const name of Object.keys(process.env)) {
          if (name.startsWith("TIDELINE_")) delete process.env[name];
        }
      },
    };
  },
  { canWatch: false, canFetch: true },
);
