import { expect, test } from "vitest";
import type { Target } from "../ledger.js";
import { sampleTarget } from "../sample-rows.js";
import { targetState } from "./target-state.js";

const HOLD = { reason: "Load test", since: 0 };

test.each<[string, Partial<Target>]>([
  ["Live", {}],
  ["Empty", { live: null }],
  ["Live, critical", { epoch: 4, criticalEpoch: 4 }],
  ["Live", { epoch: 5, criticalEpoch: 4 }],
  ["Rolled back", { epoch: 4, lastRollbackEpoch: 4 }],
  ["Live", { epoch: 5, lastRollbackEpoch: 4 }],
  ["Rolled back", { epoch: 4, lastRollbackEpoch: 4, criticalEpoch: 4 }],
  ["Held", { hold: HOLD }],
  ["Held", { hold: HOLD, epoch: 4, lastRollbackEpoch: 4, criticalEpoch: 4 }],
])("“%s”: %o", (word, parts) => {
  expect(targetState(sampleTarget(parts)).word).toBe(word);
});
