/** Rows and targets for this app's tests. */
import type { Deployment, Target } from "./ledger.js";

/** Gives a live record of web/production, with what the test is about in place of the rest. */
export function sampleDeployment(parts: Partial<Deployment> = {}): Deployment {
  return {
    _id: "row" as Deployment["_id"],
    _creationTime: 0,
    appName: "web",
    environment: "production",
    version: "1.0.0",
    gitCommit: "a".repeat(40),
    buildNumber: 1,
    buildTime: 0,
    deployedAt: 0,
    buildId: "build-a",
    epoch: 1,
    sequence: 1,
    kind: "deploy",
    status: "live",
    severity: "normal",
    recordedBy: "token",
    ...parts,
  };
}

/** Gives a target on which `sampleDeployment()` is live, with what the test is about in place of the rest. */
export function sampleTarget(parts: Partial<Target> = {}): Target {
  return {
    appName: "web",
    environment: "production",
    epoch: 1,
    buildId: "build-a",
    hold: null,
    live: sampleDeployment(),
    criticalEpoch: null,
    lastRollbackEpoch: null,
    ...parts,
  };
}
