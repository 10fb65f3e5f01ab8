import { expect, test } from "vitest";
import type { BuildId, LatestDeployment } from "./index.js";
import { judge } from "./index.js";

const LATEST: LatestDeployment = {
  appName: "web",
  environment: "production",
  buildId: "b2" as BuildId,
  version: "1.0.1",
  gitCommit: "0".repeat(40),
  gitTag: null,
  buildNumber: 2,
  buildTime: 0,
  deployedAt: 0,
  notes: null,
  epoch: 7,
  kind: "deploy",
  firstEpoch: 7,
  criticalEpoch: null,
  clientBuild: { state: "unknown" },
};
const stamp = (buildId: string) => ({ buildId: buildId as BuildId });

test("judge() goes by build id, not by epoch", () => {
  expect(judge(stamp("b2"), { ...LATEST, epoch: 99 }, 1)).toEqual({ kind: "current" });
});

test.each([
  "",
  "dev",
  "unknown",
  "UNKNOWN",
  "undefined",
  "null",
  "__TIDELINE_BUILD_ID__",
  "__BUILD__",
  "%BUILD%",
  ["$", "{BUILD}"].join(""),
  "{{build}}",
  "<build>",
  "$BUILD_ID",
])("judge() says nothing to a build that calls itself %j", (id) => {
  expect(judge(stamp(id), LATEST, 0)).toEqual({ kind: "unknown", reason: "no-stamp" });
});
