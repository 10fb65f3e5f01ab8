import { FLEET_FUNCTIONS, type FleetView } from "@tideline/version/fleet";
import { type AskOptions, askLedger } from "./ask-ledger.js";

/**
 * Finds the release of a subsystem that waits for approval in a channel; null if none does.
 *
 * @param args.token The fleet's operator token.
 */
export async function readWaiting(
  {
    channel,
    subsystem,
    token,
  }: { readonly channel: string; readonly subsystem: string; readonly token: string },
  ask: AskOptions,
): Promise<{ readonly seq: number; readonly version: string } | null> {
  const view = (await askLedger("query", FLEET_FUNCTIONS.watchFleet, { token }, ask)) as FleetView;
  const found = view.subsystems.find(
    (one) => one.channel === channel && one.subsystem === subsystem,
  );
  const { rollout = null, waiting = null } = found ?? {};
  // One that waits while another is on its way is told apart from that one.
  const release = waiting ?? (rollout?.mode === "waiting-for-approval" ? rollout : null);
  return release && { seq: release.seq, version: release.version };
}
