/**
 * What a record means for its target, decided from a few facts and nothing else: no clock, no
 * version name, no build number.
 */
import type { DeploymentKind } from "@tideline/version";
import { shortCommit } from "@tideline/version";

/** What the decision takes. */
export interface Facts {
  /** "web/production". */
  readonly targetName: string;
  /** What is live, or null before the first record. */
  readonly live: {
    readonly buildId: string;
    readonly version: string;
    readonly gitCommit: string;
  } | null;
  /** 0 before the first record. */
  readonly epoch: number;
  /** Why somebody holds the target, or null. */
  readonly holdReason: string | null;
  readonly build: {
    readonly buildId: string;
    readonly version: string;
    readonly gitCommit: string;
  };
  /** How the build's commit stands to the target; `unnamed` is never compared ("dev", "unknown"). */
  readonly commitWas: "live-now" | "live-before" | "never-live" | "unnamed";
  readonly buildWasLive: boolean;
  readonly allowRollback: boolean;
  /** The epoch that the caller saw when it looked at what is served; null in arrival order. */
  readonly asOfEpoch: number | null;
}

/** A record's kind, and the reason for which it is not taken, if there is one. */
export interface Classification {
  readonly kind: DeploymentKind;
  readonly refusal: {
    readonly code: "TARGET_HELD" | "SUPERSEDED" | "ROLLBACK_NOT_ALLOWED";
    readonly message: string;
  } | null;
}

/**
 * Says what kind of deployment a record is and whether it may be taken.
 *
 * - The live build again is a redeploy, whatever its commit: nothing changes for anybody.
 * - A commit that was live before and is not now goes back: a rollback if allowed, else refused,
 *   because it is most often an old CI job that was run again. Also when its build is a new one.
 * - A build that was live before under the live commit, or under a name that is no commit, is a
 *   rollback if the caller allows one, else a deploy.
 * - Everything else is a deploy: a new commit whose build equals an older one (a revert), the live
 *   commit built anew, a first record; `allowRollback` changes nothing there.
 */
export function classify(facts: Facts): Classification {
  const kind = kindOf(facts);
  const { build, live, targetName } = facts;
  if (facts.holdReason !== null) {
    const message = `Cannot record ${nameOf(build)} on ${targetName}: the target is held (${facts.holdReason}); release it first`;
    return { kind, refusal: { code: "TARGET_HELD", message } };
  }
  // A redeploy cannot have been overtaken: its build is what is live.
  if (facts.asOfEpoch !== null && facts.asOfEpoch !== facts.epoch && kind !== "redeploy") {
    const message = `Cannot record ${nameOf(build)} on ${targetName}: expected epoch ${facts.asOfEpoch}, the target is at ${facts.epoch}${live ? ` with ${nameOf(live)}` : ""}; look at what is served and record that`;
    return { kind, refusal: { code: "SUPERSEDED", message } };
  }
  if (kind === "rollback" && !facts.allowRollback && live !== null) {
    const message = `Cannot record ${nameOf(build)} on ${targetName}: that commit was live before ${nameOf(live)}, which is live now; to go back on purpose, record it with allowRollback`;
    return { kind, refusal: { code: "ROLLBACK_NOT_ALLOWED", message } };
  }
  return { kind, refusal: null };
}

function kindOf(facts: Facts): DeploymentKind {
  if (facts.live?.buildId === facts.build.buildId) return "redeploy";
  switch (facts.commitWas) {
    case "live-before":
      return "rollback";
    case "live-now":
    case "unnamed":
      return facts.buildWasLive && facts.allowRollback ? "rollback" : "deploy";
    case "never-live":
      return "deploy";
    default:
      return facts.commitWas satisfies never;
  }
}

function nameOf(build: { readonly version: string; readonly gitCommit: string }): string {
  return `"${build.version}" (${shortCommit(build.gitCommit)})`;
}
