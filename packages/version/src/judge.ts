import type { BuildStamp } from "./build-stamp.js";
import type { LatestDeployment } from "./latest-deployment.js";
import { isPlaceholder } from "./parse-stamp.js";
import type { Verdict } from "./verdict.js";

/**
 * Says how a running build stands to what its target serves now.
 *
 * Pure: the same arguments give the same answer on server, page and machine. No clock, no version
 * name and no build number takes part.
 *
 * @param stamp What the client was built as, or null if its stamp is unreadable.
 * @param latest The target's live deployment as the ledger last told it, asked for with the
 *   client's build id; null if nothing is recorded for the target.
 * @param bootEpoch The target's lowest epoch in any answer since this client started; 0 if nothing
 *   was recorded then.
 * @returns `current` when the build ids are equal, even if the epochs differ.
 *
 * @example
 * judge(stampOf("a1"), latestOf("b2", { epoch: 7 }), 6);
 * // { kind: "outdated", reason: "superseded", severity: "normal" }
 */
export function judge(
  stamp: Pick<BuildStamp, "buildId"> | null,
  latest: LatestDeployment | null,
  bootEpoch: number,
): Verdict {
  if (stamp === null || isPlaceholder(stamp.buildId)) {
    return { kind: "unknown", reason: "no-stamp" };
  }
  if (latest === null) return { kind: "unknown", reason: "not-recorded" };
  if (stamp.buildId === latest.buildId) return { kind: "current" };

  const { clientBuild, criticalEpoch } = latest;
  const isKnown = clientBuild.state === "known";
  // An unknown build's record may still come, unless the target moved on after this client started.
  if (!isKnown && (clientBuild.state === "pending" || latest.epoch <= bootEpoch)) {
    return { kind: "ahead" };
  }
  const isRolledBack =
    isKnown && latest.kind === "rollback" && clientBuild.firstEpoch > latest.firstEpoch;
  const heardEpoch = isKnown ? clientBuild.lastEpoch : bootEpoch;
  return {
    kind: "outdated",
    reason: isRolledBack ? "rolled-back" : "superseded",
    // None is above no epoch.
    severity: (criticalEpoch as number) > heardEpoch ? "critical" : "normal",
  };
}
