/** What a look at an upstream came to; what it means for the machine is judge-update.ts. */
import type { ReasonCode } from "@tideline/version/fleet";
import type { UpstreamMemory } from "./upstream-memory.js";

/** One state of an upstream: a tagged one, or the tip of a branch. */
export interface UpstreamVersion {
  readonly tag: string | null;
  readonly commit: string;
  /** Who says so; null for what the configuration says. */
  readonly remote: string | null;
}

/** Something newer that is not to be taken yet. */
export interface PendingVersion extends UpstreamVersion {
  readonly reason: ReasonCode;
  /** One sentence. */
  readonly detail: string;
}

/** The whole of it. */
export interface UpstreamFinding {
  /** The newest that may be taken; null if there is none. */
  readonly latest: UpstreamVersion | null;
  /** The newest that waits, if it is newer than `latest`. */
  readonly pending: PendingVersion | null;
  /** What to remember. Its alarms stop everything. */
  readonly memory: UpstreamMemory;
}
