import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { SubsystemConfig } from "../config/sync-config.js";
import { readVersionFile } from "../swap/version-file.js";
import { checkedOutCommit } from "./git-checkout.js";

/** What a machine has of a subsystem now. */
export interface CurrentVersion {
  /** `version-file`: `.version` beside the binary; `checkout`: the source folder, of a binary without one; `none`: neither. */
  readonly from: "version-file" | "checkout" | "published" | "none";
  /** 7 to 64 hex digits, as `.version` has them; null if it is not known. */
  readonly commit: string | null;
  /** As `.version` has it; null if it is not known. */
  readonly version: string | null;
  /** The release's place in the fleet's order; null for what was not installed from one. */
  readonly seq: number | null;
  /** ms since epoch. */
  readonly updatedAt: number | null;
}

/** Of a machine that has nothing. */
export const NOTHING: CurrentVersion = {
  ...{ from: "none", commit: null, version: null, seq: null, updatedAt: null },
};

/**
 * Reads what a machine has: `.version` beside the binary, else what the source checkout stands at, as
 * a binary without a `.version` was built from that. A checkout alone is nothing yet. A `.version` that
 * cannot be read counts as none, as nobody knows what the rest of it is worth.
 */
export async function readCurrentVersion({
  binary,
  source,
}: Pick<SubsystemConfig, "binary" | "source">): Promise<CurrentVersion> {
  const reading = await readVersionFile(dirname(binary));
  if (reading.state === "read") {
    const { commit, version, seq, timestamp } = reading.file;
    return { from: "version-file", commit, version, seq, updatedAt: timestamp };
  }
  if (source === null || !(await isThere(binary))) return NOTHING;
  const commit = await checkedOutCommit(source.folder);
  return commit === null ? NOTHING : { ...NOTHING, from: "checkout", commit };
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
