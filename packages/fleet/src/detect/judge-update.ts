/** Whether what was found upstream is an update for what a machine has. Pure. */
import type { ReasonCode } from "@tideline/version/fleet";
import semver from "semver";
import type { CurrentTag } from "./current-tag.js";
import type { CurrentVersion } from "./current-version.js";
import type { UpstreamFinding } from "./upstream-finding.js";
import { versionOfTag } from "./version-tags.js";

/**
 * ```text
 * current            nothing newer
 * update-available   `latest` is newer, and may be taken
 * not-installed      there is nothing yet; `latest` may be taken
 * waiting            something newer is too young, or not complete
 * quarantined        an alarm stops everything until somebody has looked
 * unknown            nobody can tell whether `latest` is newer than what runs here
 * refused            what is published is not believed, or may not be installed here
 * failed             no remote answered; nothing is known anew
 * ```
 */
export type UpdateState =
  | "current"
  | "update-available"
  | "not-installed"
  | "waiting"
  | "quarantined"
  | "unknown"
  | "refused"
  | "failed";

/** The judgement. */
export interface UpdateVerdict {
  readonly state: UpdateState;
  readonly isAvailable: boolean;
  /** Why not, or what else waits; null if there is nothing to say. */
  readonly reason: ReasonCode | null;
  /** One sentence for people, or null. */
  readonly detail: string | null;
}

/** What is judged. */
export interface UpdateQuestion {
  readonly finding: UpstreamFinding;
  readonly current: CurrentVersion;
  /** Of what the machine has; null if it is none. */
  readonly tag: CurrentTag | null;
  readonly tagPrefix: string;
  readonly isOverridden: boolean;
  /** Newer than anything that may be taken: it was taken when it could be. */
  readonly isAhead: boolean | null;
}

/**
 * Judges. Identity is the commit; order is the version of a tag. Nothing lower than what runs is ever
 * an update, unless an override says so.
 */
export function judgeUpdate(question: UpdateQuestion): UpdateVerdict {
  const { finding, current } = question;
  const [alarm] = finding.memory.alarms;
  if (alarm !== undefined) {
    const { reason, ref, was, now, remote } = alarm;
    const change = `was ${short(was)} and is ${short(now)}`;
    return no("quarantined", reason, `${ref} ${change}, says ${remote}`);
  }
  if (finding.latest === null) return currentOrWaiting(finding);
  if (current.from === "none") return yes("not-installed", finding);
  switch (compare(question)) {
    case "newer":
      return yes("update-available", finding);
    case "same-or-older":
      return currentOrWaiting(finding);
    case "unknown": {
      const detail = "what runs here is none of the tags, and the remote does not tell its place";
      return no("unknown", "CURRENT_UNKNOWN", detail);
    }
  }
}

function compare(question: UpdateQuestion): "newer" | "same-or-older" | "unknown" {
  const { finding, current, tag, tagPrefix, isOverridden, isAhead } = question;
  const { latest } = finding;
  if (latest === null || isSame(latest.commit, current.commit)) return "same-or-older";
  if (isOverridden) return tag !== null && tag.name === latest.tag ? "same-or-older" : "newer";
  const version = latest.tag === null ? null : versionOfTag(latest.tag, tagPrefix);
  if (version !== null && tag !== null) {
    return semver.compareBuild(version, tag.version) > 0 ? "newer" : "same-or-older";
  }
  if (isAhead !== null) return isAhead ? "same-or-older" : "newer";
  // A branch: what differs from its tip is behind it, as nothing else is built from it.
  if (latest.tag === null && current.commit !== null) return "newer";
  // A tag that is no version comes this far only if somebody has accepted it.
  if (latest.tag !== null && version === null) {
    return current.version === latest.tag ? "same-or-older" : "newer";
  }
  return "unknown";
}

/** `.version` may have a short commit. */
export function isSame(commit: string, other: string | null): boolean {
  if (other === null) return false;
  return commit.startsWith(other) || other.startsWith(commit);
}

function yes(state: UpdateState, { pending }: UpstreamFinding): UpdateVerdict {
  return { state, isAvailable: true, reason: null, detail: pending?.detail ?? null };
}

function no(state: UpdateState, reason: ReasonCode, detail: string): UpdateVerdict {
  return { state, isAvailable: false, reason, detail };
}

function currentOrWaiting({ pending }: UpstreamFinding): UpdateVerdict {
  if (pending !== null) return no("waiting", pending.reason, pending.detail);
  return { state: "current", isAvailable: false, reason: null, detail: null };
}

function short(text: string | null): string {
  if (text === null) return "not there";
  return /^[0-9a-f]{40,64}$/.test(text) ? text.slice(0, 12) : text;
}
