import fc from "fast-check";
import { expect, test } from "vitest";
import type { BuildId, ClientBuild, LatestDeployment, Verdict } from "./index.js";
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
const known = (firstEpoch: number, lastEpoch = firstEpoch): ClientBuild => ({
  state: "known",
  firstEpoch,
  lastEpoch,
});
const superseded = { kind: "outdated", reason: "superseded", severity: "normal" } as const;

interface Case {
  readonly what: string;
  readonly build?: string;
  readonly latest: Partial<LatestDeployment> | null;
  readonly bootEpoch?: number;
  readonly verdict: Verdict;
}

test.each<Case>([
  {
    what: "says nothing where nothing is recorded",
    latest: null,
    verdict: { kind: "unknown", reason: "not-recorded" },
  },
  {
    what: "goes by build id, not by epoch",
    build: "b2",
    latest: { epoch: 99 },
    verdict: { kind: "current" },
  },
  {
    what: "goes by build id, not by version, commit, number or time",
    build: "b2",
    latest: { version: "9", gitCommit: "f", buildNumber: 99, buildTime: 9e12 },
    verdict: { kind: "current" },
  },
  {
    what: "believes equal ids more than a pending row",
    build: "b2",
    latest: { clientBuild: { state: "pending" } },
    verdict: { kind: "current" },
  },
  {
    what: "says nothing to a build whose record is on its way",
    latest: { clientBuild: { state: "pending" } },
    verdict: { kind: "ahead" },
  },
  {
    what: "says nothing to a pending build even if the target moved on",
    latest: { clientBuild: { state: "pending" }, epoch: 9 },
    bootEpoch: 3,
    verdict: { kind: "ahead" },
  },
  {
    what: "says outdated to a build that was live, however early its page was opened",
    latest: { clientBuild: known(6) },
    bootEpoch: 7,
    verdict: superseded,
  },
  {
    what: "says rolled-back to a build first live after the one returned to",
    latest: { kind: "rollback", epoch: 7, firstEpoch: 3, clientBuild: known(6) },
    verdict: { ...superseded, reason: "rolled-back" },
  },
  {
    what: "says superseded after a rollback to a build older than the one returned to",
    latest: { kind: "rollback", epoch: 7, firstEpoch: 3, clientBuild: known(2) },
    verdict: superseded,
  },
  {
    what: "says superseded to a build that was live before and after the one returned to",
    latest: { kind: "rollback", epoch: 7, firstEpoch: 3, clientBuild: known(2, 5) },
    verdict: superseded,
  },
  {
    what: "says superseded after a revert, which is a deploy",
    latest: { kind: "deploy", epoch: 7, firstEpoch: 3, clientBuild: known(6) },
    verdict: superseded,
  },
  {
    what: "says nothing to an unknown build while the target stands where it started",
    latest: { epoch: 7 },
    bootEpoch: 7,
    verdict: { kind: "ahead" },
  },
  {
    what: "says outdated to an unknown build once the target moved on",
    latest: { epoch: 8 },
    bootEpoch: 7,
    verdict: superseded,
  },
  {
    what: "says outdated to an unknown build that started before the first record",
    latest: { epoch: 1 },
    bootEpoch: 0,
    verdict: superseded,
  },
  {
    what: "says nothing to an unknown build that started at a later epoch than it is told now",
    latest: { epoch: 7 },
    bootEpoch: 8,
    verdict: { kind: "ahead" },
  },
  {
    what: "tells of a critical deployment since the build was last live",
    latest: { criticalEpoch: 6, clientBuild: known(4, 5) },
    verdict: { ...superseded, severity: "critical" },
  },
  {
    what: "does not tell of a critical deployment that the build came after",
    latest: { criticalEpoch: 5, clientBuild: known(4, 5) },
    verdict: superseded,
  },
  {
    what: "tells an unknown build of a critical deployment since it started",
    latest: { criticalEpoch: 6 },
    bootEpoch: 5,
    verdict: { ...superseded, severity: "critical" },
  },
])("judge() $what", ({ build = "b1", latest, bootEpoch = 0, verdict }) => {
  const told = latest && { ...LATEST, ...latest };
  expect(judge(stamp(build), told, bootEpoch)).toEqual(verdict);
});

test("judge() says nothing to a page without a stamp", () => {
  expect(judge(null, LATEST, 0)).toEqual({ kind: "unknown", reason: "no-stamp" });
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

const epochs = fc.integer({ min: 1, max: 50 });
const clientBuilds: fc.Arbitrary<ClientBuild> = fc.oneof(
  fc.constant<ClientBuild>({ state: "unknown" }),
  fc.constant<ClientBuild>({ state: "pending" }),
  fc.tuple(epochs, epochs).map(([x, y]) => known(Math.min(x, y), Math.max(x, y))),
);
const latests: fc.Arbitrary<LatestDeployment> = fc
  .record({
    epoch: epochs,
    firstEpoch: epochs,
    kind: fc.constantFrom("deploy" as const, "rollback" as const),
    criticalEpoch: fc.option(epochs),
    clientBuild: clientBuilds,
    version: fc.string(),
    gitCommit: fc.string(),
    buildNumber: fc.integer(),
    buildTime: fc.integer(),
    deployedAt: fc.integer(),
  })
  .map((fields) => ({ ...LATEST, ...fields }));

test("judge() says current exactly to the live build", () => {
  fc.assert(
    fc.property(latests, fc.constantFrom("b1", "b2"), epochs, (latest, id, bootEpoch) => {
      expect(judge(stamp(id), latest, bootEpoch).kind === "current").toBe(id === "b2");
    }),
  );
});

test("judge() reads no clock, no version name and no number", () => {
  fc.assert(
    fc.property(latests, epochs, (latest, bootEpoch) => {
      const { version, gitCommit, buildNumber, buildTime, deployedAt } = LATEST;
      const other = { ...latest, version, gitCommit, buildNumber, buildTime, deployedAt };
      expect(judge(stamp("b1"), other, bootEpoch)).toEqual(judge(stamp("b1"), latest, bootEpoch));
    }),
  );
});

test("judge() never takes outdated back from an unknown build while the epoch grows", () => {
  fc.assert(
    fc.property(latests, epochs, epochs, (latest, bootEpoch, growth) => {
      const told = { ...latest, clientBuild: { state: "unknown" } as const };
      if (judge(stamp("b1"), told, bootEpoch).kind !== "outdated") return;
      const later = judge(stamp("b1"), { ...told, epoch: told.epoch + growth }, bootEpoch);
      expect(later.kind).toBe("outdated");
    }),
  );
});

test("judge() says rolled-back only where the target was rolled back", () => {
  fc.assert(
    fc.property(latests, epochs, (latest, bootEpoch) => {
      const verdict = judge(stamp("b1"), { ...latest, kind: "deploy" }, bootEpoch);
      expect(verdict).not.toHaveProperty("reason", "rolled-back");
    }),
  );
});
