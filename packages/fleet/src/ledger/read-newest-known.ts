import type { SyncConfig } from "../config/sync-config.js";
import { readHeard } from "./heard-targets.js";
import { type KnownTarget, readKnownTarget } from "./local-targets.js";

/**
 * Reads the newest release of a subsystem that this machine has heard of, from its ledger or from its
 * release host, without asking either; null if it has heard of none.
 */
export async function readNewestKnown(
  { state, ledger, machine }: SyncConfig,
  subsystem: string,
): Promise<Pick<KnownTarget, "seq" | "version"> | null> {
  const { channel } = machine;
  const heard = ledger && (await readHeard(state, { url: ledger.url, channel }));
  const target = heard?.targets.find((one) => one.subsystem === subsystem);
  const found = [target?.rollout, target?.settled, await readKnownTarget(state, subsystem)];
  return found
    .flatMap((one) => (one ? [one] : []))
    .reduce<KnownTarget | null>((a, b) => (a !== null && a.seq >= b.seq ? a : b), null);
}
