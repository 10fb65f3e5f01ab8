import { SyncError } from "../sync-error.js";
import { BINARY_CHECKS } from "./check-binaries.js";
import { GUARD_CHECKS } from "./check-guard.js";
import { LEDGER_CHECKS } from "./check-ledger.js";
import { STATE_CHECKS } from "./check-state.js";
import { SUPERVISOR_CHECKS } from "./check-supervisor.js";
import { TRUST_CHECKS } from "./check-trust.js";
import { UPSTREAM_CHECKS } from "./check-upstreams.js";
import { WEBHOOK_CHECKS } from "./check-webhook.js";
import { type Check, type DoctorWorld, type Finding, failed, ok } from "./finding.js";

/** Every check, in the order in which they are told. */
export const CHECKS: readonly Check[] = [
  {
    name: "config",
    // That it could be read at all is what this says.
    run: async ({ config }) =>
      ok(`${config.path}: ${Object.keys(config.subsystems).length} subsystems`),
  },
  ...TRUST_CHECKS,
  ...STATE_CHECKS,
  ...LEDGER_CHECKS,
  ...WEBHOOK_CHECKS,
  ...SUPERVISOR_CHECKS,
  ...BINARY_CHECKS,
  ...UPSTREAM_CHECKS,
  ...GUARD_CHECKS,
];

/**
 * Looks the machine over; every check is made, whatever the others find. Writes nothing.
 *
 * @throws The signal's reason when it aborts.
 */
export async function runDoctor(world: DoctorWorld, checks = CHECKS): Promise<Finding[]> {
  const found = await Promise.all(
    checks.map(async ({ name, run }) => {
      try {
        return [await run(world)].flat().map((said): Finding => ({ check: name, ...said }));
      } catch (error) {
        world.signal.throwIfAborted();
        const message = error instanceof Error ? error.message : String(error);
        const fix =
          error instanceof SyncError ? error.nextStep : "Mend what it says, and ask again";
        return [{ check: name, ...failed(message, fix) }];
      }
    }),
  );
  return found.flat();
}
