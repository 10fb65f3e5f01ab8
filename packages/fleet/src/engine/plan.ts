/** What is done about a subsystem now, and why not. The rules in one place, in the order they are asked. */
import {
  type FleetTarget,
  type PlatformKey,
  type ReasonCode,
  type ReleaseArtifact,
  type ReleaseManifest,
  releaseStep,
  type SignedRelease,
  type UpdateClass,
} from "@tideline/version/fleet";
import semver from "semver";
import type { SubsystemConfig } from "../config/sync-config.js";
import type { LiveBinary } from "../swap/read-live.js";
import { SyncError } from "../sync-error.js";
import { nextAttemptAt, type Try, triesThatCount } from "./attempts.js";
import { chooseRelease, type RingPlace } from "./choose-release.js";
import { type Denial, type Denied, denialOf } from "./denied.js";
import type { Pin } from "./pins.js";
import { nextOpening } from "./window.js";

/** Everything that decides. */
export interface PlanFacts {
  readonly subsystem: SubsystemConfig;
  /** Null if the ledger names none. */
  readonly target: FleetTarget | null;
  readonly live: LiveBinary;
  readonly place: RingPlace | null;
  readonly pin: Pin | null;
  readonly denied: Denied;
  /** The subsystem's tries in vain, of whatever release; see attempts.ts. */
  readonly tries: readonly Try[];
  /** Releases that somebody let go on this machine, by `seq`. */
  readonly approved: ReadonlySet<number>;
  /** True if a ledger has asked for approval before it names a release. */
  readonly ledgerAsks: boolean;
  /** True if the machine has a ledger, asked or not: `approve` decides in that one, unless `--here`. */
  readonly hasLedger: boolean;
  /** Releases that somebody rejected on this machine, by `seq`. */
  readonly rejected: ReadonlySet<number>;
  readonly platform: PlatformKey;
  /** The version of this `tideline-sync`. */
  readonly syncVersion: string;
  /** ms since epoch. */
  readonly now: number;
  /** True if somebody said `--now`: neither window nor number of tries count. */
  readonly isUrgent: boolean;
  /** True if a person asks for this very subsystem; see {@link triesThatCount}. */
  readonly isAsked: boolean;
  /** True if somebody wants the release in the place of a binary that nobody knows. */
  readonly replaces: boolean;
  /** Gives the manifest that the signatures cover, if it is what it is said to be. @throws {SyncError} */
  readonly verify: (
    release: SignedRelease,
    expected: { readonly subsystem: string; readonly seq: number; readonly version: string },
  ) => ReleaseManifest;
}

/** What is done. `seq` and `version` are the ones that it is about, null if it is about none. */
export type Plan = (
  | {
      readonly action: "install";
      readonly release: SignedRelease;
      readonly manifest: ReleaseManifest;
      readonly artifact: ReleaseArtifact;
    }
  /** The live binary is the release's already, under another number. */
  | {
      readonly action: "relabel";
      readonly release: SignedRelease;
      readonly manifest: ReleaseManifest;
    }
  | { readonly action: "nothing" }
  /** It ends without anybody publishing anything; `until` is when to look again, null: when told. */
  | {
      readonly action: "wait";
      readonly reason: ReasonCode;
      readonly detail: string;
      readonly until: number | null;
    }
  | { readonly action: "refuse"; readonly reason: ReasonCode; readonly detail: string }
) & { readonly seq: number | null; readonly version: string | null };

/**
 * Decides about one subsystem. Pure: it is asked before anything is done, asked again with new facts
 * as the last look before the swap, and asked alone by a dry run.
 */
export function plan(facts: PlanFacts): Plan {
  const { subsystem, target, live, place } = facts;
  const { name } = subsystem;
  const liveVersion = live.state === "known" ? live.version : null;
  const choice = chooseRelease(target ?? NO_TARGET, liveVersion?.seq ?? null, place);
  const { seq, version } = choice;
  const refuse = (reason: ReasonCode, detail: string): Plan => ({
    ...{ action: "refuse", reason, detail, seq, version },
  });
  const wait = (reason: ReasonCode, detail: string, until: number | null): Plan => ({
    ...{ action: "wait", reason, detail, until, seq, version },
  });

  const { versionArgs } = subsystem;
  const { isUrgent } = facts;
  const denialFor = (sha256: string, of: { readonly version: string | null } | null) =>
    denialOf(facts.denied, sha256, { version: of?.version ?? null, versionArgs, isUrgent });

  if (live.state === "unknown" || live.state === "drifted") {
    if (!facts.replaces) {
      const reason = live.state === "unknown" ? "UNKNOWN_BINARY" : "DRIFTED";
      return refuse(reason, `Cannot update "${name}": ${whatIsWrong(live)}`);
    }
    if (choice.kind === "nothing") {
      const detail = `Cannot replace the binary of "${name}": expected a release, got none`;
      return refuse("RELEASE_NOT_FOUND", detail);
    }
  }
  if (choice.kind === "nothing") {
    const denial = live.state === "known" ? denialFor(live.sha256, liveVersion) : undefined;
    // It lies there because the way back from it failed, or there was none.
    if (denial === undefined) return { action: "nothing", seq, version };
    return refuse(reasonOf(denial), `The live binary of "${name}" is denied: ${denial.reason}`);
  }
  if (choice.kind === "wait") return wait(choice.reason, choice.detail, null);
  if (choice.kind === "refuse") return refuse(choice.reason, choice.detail);

  let manifest: ReleaseManifest;
  try {
    const { seq, version } = choice;
    manifest = facts.verify(choice.release, { subsystem: name, seq, version });
  } catch (error) {
    if (error instanceof SyncError) return refuse(error.reason, error.message);
    throw error;
  }
  const artifact = manifest.artifacts[facts.platform];
  if (artifact === undefined) {
    return refuse("NO_ARTIFACT", `Release ${version} of "${name}" has none for ${facts.platform}`);
  }
  const { sha256 } = artifact.binary;
  const denial = denialFor(sha256, manifest);
  if (denial === undefined && live.state === "known" && live.sha256 === sha256) {
    const { release } = choice;
    return { action: "relabel", release, manifest, seq, version };
  }
  if (denial !== undefined) {
    const again =
      denial.versionArgs === undefined
        ? ""
        : `; \`tideline-sync apply ${name} --now\` asks it once more`;
    const detail = `The binary of ${version} is denied here: ${denial.reason}${again}`;
    return refuse(reasonOf(denial), detail);
  }
  if (manifest.revoked.includes(sha256)) {
    return refuse("REVOKED", `Release ${version} revokes its own binary`);
  }
  if (manifest.minSync !== null && semver.lt(facts.syncVersion, manifest.minSync)) {
    return refuse(
      "SYNC_TOO_OLD",
      `Release ${version} needs tideline-sync ${manifest.minSync}, this is ${facts.syncVersion}`,
    );
  }
  if (facts.pin !== null) {
    const since = facts.pin.why === "rollback" ? "a rollback by hand" : "somebody asked for it";
    return wait(
      "PINNED",
      `"${name}" stays at ${facts.pin.version ?? "what it is"}: ${since}`,
      null,
    );
  }
  if (facts.rejected.has(manifest.seq)) {
    return wait("REJECTED", `Somebody has rejected ${version} of "${name}" on this machine`, null);
  }
  if (!facts.approved.has(manifest.seq)) {
    // What nobody knows is no version to go a step from; whoever replaces it has said so.
    const isFirst = live.state === "absent" || live.state === "unknown";
    const step = releaseStep(isFirst ? null : live.version.version, manifest);
    if (!isFirst && needsApproval(step, manifest, subsystem.automatic, facts)) {
      const what = step === null ? "a version that cannot be compared" : `a ${step} step`;
      const detail = `${version} of "${name}" is ${what}`;
      if (!facts.hasLedger) return wait("WAITING_FOR_APPROVAL", detail, null);
      return wait("HELD_HERE", `${detail}, further than \`automatic\` goes here`, null);
    }
  }
  const install: Plan = {
    action: "install",
    release: choice.release,
    manifest,
    artifact,
    seq,
    version,
  };
  if (facts.isUrgent) return install;
  const opensAt = nextOpening(subsystem.window, facts.now);
  if (opensAt > facts.now) {
    return wait("OUTSIDE_WINDOW", `The window of "${name}" is ${subsystem.window}`, opensAt);
  }
  const begun = triesThatCount(facts.tries, { seq: manifest.seq, sha256 }, facts.isAsked);
  const mayTryAt = nextAttemptAt(begun, facts.now);
  if (mayTryAt > facts.now) {
    const tries = begun.length === 1 ? "once" : `${begun.length} times`;
    const next = new Date(mayTryAt).toISOString();
    const detail = `${version} of "${name}" was tried ${tries} in vain; the next try is at ${next}`;
    return wait("TOO_MANY_ATTEMPTS", detail, mayTryAt);
  }
  return install;
}

const NO_TARGET = { settled: null, rollout: null } as const;

function reasonOf({ reason }: Denial): ReasonCode {
  return reason === "REVOKED" ? "REVOKED" : "DENIED";
}

function whatIsWrong(live: LiveBinary & { state: "unknown" | "drifted" }): string {
  if (live.state === "unknown") return `expected a known binary, but ${live.problem}`;
  const { checksum } = live.version;
  return `expected sha256 ${checksum} as in its .version, got "${live.sha256}"`;
}

function needsApproval(
  step: UpdateClass | null,
  { reverts }: ReleaseManifest,
  automatic: SubsystemConfig["automatic"],
  { ledgerAsks }: Pick<PlanFacts, "ledgerAsks">,
): boolean {
  // Somebody signed it to get away from what runs: that is the approval.
  if (reverts !== null) return false;
  if (automatic === "none") return true;
  // Whoever has a ledger and says nothing, or "major", leaves it to that one.
  if (ledgerAsks && (automatic === null || automatic === "major")) return false;
  return step === null || ORDER.indexOf(step) > ORDER.indexOf(automatic ?? "minor");
}

const ORDER: readonly UpdateClass[] = ["patch", "minor", "major"];
