import { readApprovals } from "../ledger/approvals.js";
import type { EngineDeps } from "./engine-deps.js";

/**
 * Which releases of a subsystem somebody has let go, by `seq`. With a ledger, that one asks for
 * approval itself, before a rollout begins, so that nobody is asked twice.
 */
export async function readApproved(
  { config, ledger }: Pick<EngineDeps, "config" | "ledger">,
  subsystem: string,
): Promise<ReadonlySet<number> | "ledger"> {
  if (ledger.kind === "convex") return "ledger";
  const approvals = await readApprovals(config.state);
  return new Set(Object.hasOwn(approvals, subsystem) ? approvals[subsystem] : []);
}
