import type { Deployment, Target } from "../ledger.js";
import { isTaken } from "../ledger.js";

/**
 * Gives the moment since which the live build is live: its first record in the present epoch, since
 * recording the same build again starts nothing new.
 *
 * @param rows What is loaded of the history.
 * @returns ms since epoch, or null if nothing is live.
 */
export function liveSince(target: Target, rows: readonly Deployment[]): number | null {
  if (target.live === null) return null;
  const times = rows
    .filter((row) => isTaken(row) && row.epoch === target.epoch)
    .map(({ deployedAt }) => deployedAt);
  return Math.min(target.live.deployedAt, ...times);
}
