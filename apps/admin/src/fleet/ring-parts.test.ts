import type { FleetRing } from "@tideline/version/fleet";
import { expect, test } from "vitest";
import { ringParts, ringText } from "./ring-parts.js";
import { sampleRing } from "./sample-fleet.js";

test.each<[string, Partial<FleetRing>]>([
  ["Not counted yet", { machines: null }],
  ["No machines", { machines: 0 }],
  ["1 machine", { machines: 1 }],
  ["5 machines", {}],
  ["0 of 5 responded", { state: "open" }],
  ["0 of 5 responded · 2 in progress", { state: "open", started: 2 }],
  [
    "3 of 5 responded · 2 succeeded · 1 failed · 1 vanished",
    { state: "open", started: 4, committed: 2, failed: 1, vanished: 1 },
  ],
  ["5 of 5 responded · 5 succeeded", { state: "passed", started: 5, committed: 5 }],
  // Joined after the ring was counted.
  ["6 of 6 responded · 6 succeeded", { state: "passed", started: 6, committed: 6 }],
])("“%s”: %o", (text, parts) => {
  expect(ringText(sampleRing(parts))).toBe(text);
});

test("the parts never make more than the whole", () => {
  for (let n = 0; n < 200; n++) {
    const started = n % 9;
    const committed = Math.min(n % 4, started);
    const failed = Math.min(n % 3, started - committed);
    const vanished = Math.min(n % 2, started - committed - failed);
    const { total, succeeded, inProgress, ...parts } = ringParts(
      sampleRing({ machines: n % 6, started, committed, failed, vanished }),
    );
    expect(succeeded + parts.failed + parts.vanished + inProgress).toBeLessThanOrEqual(total);
  }
});
