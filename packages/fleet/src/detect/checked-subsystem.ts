import type { UpdateClass } from "@tideline/version/fleet";
import type { CurrentVersion } from "./current-version.js";
import type { UpdateVerdict } from "./judge-update.js";

/** What a check of one subsystem came to, wherever the newest was looked for. */
export interface CheckedSubsystem extends UpdateVerdict {
  readonly name: string;
  /** The first remote; null for what has none. */
  readonly upstreamRepo: string | null;
  /** `published`: against the fleet's own releases, as on a machine that builds nothing. */
  readonly strategy: "tags" | "commits" | "releases" | "published";
  readonly override: string | null;
  readonly current: CurrentVersion;
  /** Null if what the machine has is no tag that is known. */
  readonly currentTag: string | null;
  /** The newest that may be taken, or that waits; null if there is an alarm, or nothing at all. */
  readonly latest: { readonly tag: string | null; readonly commit: string | null } | null;
  /** How far it is; null where that cannot be told, as between commits. */
  readonly updateClass: UpdateClass | null;
}
