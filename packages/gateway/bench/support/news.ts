/** What all servers of a bench tell, so that they send the same message. */
import type { LatestDeployment } from "@tideline/version";
import type { Knowledge } from "../../src/version-message.js";

/** The one target. */
export const WEB = { appName: "web", environment: "production" };

/** What every client asks with, as a tab does that knows its build. */
export const PATH = "/events/version?appName=web&environment=production&buildId=$build";

/** A record with everything that one usually has, and a text of the bench's in its notes. */
export function newsOf(epoch: number, text: string): Knowledge & { latest: LatestDeployment } {
  return {
    buildId: "a1",
    isStale: false,
    latest: {
      ...WEB,
      buildId: `b${epoch}`.padEnd(16, "0") as LatestDeployment["buildId"],
      version: `1.4.${epoch}`,
      gitCommit: "94a42c3d5f6e7a8b9c0d1e2f3a4b5c6d7e8f9a0b",
      gitTag: `v1.4.${epoch}`,
      buildNumber: epoch,
      buildTime: 1_795_000_000_000,
      deployedAt: 1_795_000_060_000,
      notes: text,
      epoch,
      kind: "deploy",
      firstEpoch: epoch,
      criticalEpoch: null,
      clientBuild: { state: "known", firstEpoch: 1, lastEpoch: 1 },
    },
  };
}
