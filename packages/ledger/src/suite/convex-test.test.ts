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
      async close() {
        vi.useRealTimers();
        delete process.env.TIDELINE_RECORD_TOKEN;
      },
    };
  },
  { canWatch: false },
);
