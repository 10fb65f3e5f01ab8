import type { UpstreamAlarm } from "./upstream-memory.js";

/** What the ledger is told of one ref of an upstream. */
export interface UpstreamWord {
  readonly remote: string;
  /** Whole: `refs/tags/v1.0.0`. */
  readonly ref: string;
  readonly oid: string;
  /** Null for a branch. */
  readonly tag: string | null;
}

/**
 * Gives an alarm as the ledger knows it, so that who quarantines and who lets go mean the same ref.
 *
 * @returns Null for one that names no commit: a tag that is gone, a file of a release.
 */
export function wordOfAlarm({ reason, remote, ref, now }: UpstreamAlarm): UpstreamWord | null {
  if (now === null || !OID.test(now)) return null;
  if (reason === "BRANCH_REWRITTEN") return { remote, ref, oid: now, tag: null };
  return { remote, ref: `refs/tags/${ref}`, oid: now, tag: ref };
}

const OID = /^[0-9a-f]{40,64}$/;
