import { expect, test } from "vitest";
import { sampleDeployment, sampleTarget } from "../sample-rows.js";
import { liveSince } from "./live-since.js";

const live = sampleDeployment({ epoch: 3, deployedAt: 300 });
const target = sampleTarget({ epoch: 3, live });

test("nothing is live", () => {
  expect(liveSince(sampleTarget({ live: null }), [])).toBeNull();
});

test("a build that was recorded once is live since then", () => {
  const earlier = sampleDeployment({ epoch: 2, deployedAt: 100, status: "replaced" });
  expect(liveSince(target, [live, earlier])).toBe(300);
});

test("recording the same build again starts nothing new", () => {
  const first = sampleDeployment({ epoch: 3, deployedAt: 200, status: "replaced" });
  expect(liveSince(target, [live, first])).toBe(200);
});

test("a record that this epoch refused is not its beginning", () => {
  const refused = sampleDeployment({ epoch: 3, deployedAt: 250, status: "refused" });
  expect(liveSince(target, [live, refused])).toBe(300);
});
