import { readApprovals, readRejections } from "../ledger/approvals.js";
import type { EngineDeps } from "./engine-deps.js";

/** Which releases of a subsystem somebody has let go on this machine, by `seq`. */
export async function readApproved(
  { config }: Pick<EngineDeps, "config">,
  subsystem: string,
): Promise<ReadonlySet<number>> {
  const approvals = await readApprovals(config.state);
  return new Set(Object.hasOwn(approvals, subsystem) ? approvals[subsystem] : []);
}

/**
 * Whether a ledger has asked for approval itself, before it named a release; then `automatic` only
 * forbids what somebody has written it down for.
 */
export function ledgerAsks({ kind }: Pick<EngineDeps["ledger"], "kind">): boolean {
  return kind !== "local";
}

/** Which releases of a subsystem somebody has rejected on this machine, by `seq`. */
export async function readRejected(
  { config }: Pick<EngineDeps, "config">,
  subsystem: string,
): Promise<ReadonlySet<number>> {
  const rejections = await readRejections(config.state);
  return new Set(Object.hasOwn(rejections, subsystem) ? rejections[subsystem] : []);
}
