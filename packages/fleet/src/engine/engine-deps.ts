import type { SubsystemConfig, SyncConfig } from "../config/sync-config.js";
import type { FleetLedger } from "../ledger/fleet-ledger.js";
import type { Supervisor } from "../supervise/supervisor.js";
import { SyncError } from "../sync-error.js";
import type { TrustStore } from "../trust/trust-store.js";

/** What the engine works with. It opens and closes none of it. */
export interface EngineDeps {
  readonly config: SyncConfig;
  /** As it enrolled; null if it has not, and then no ring is open to it. */
  readonly machine: { readonly machineId: string; readonly enrolledAt: number } | null;
  readonly ledger: FleetLedger;
  readonly supervisor: Supervisor;
  readonly trust: TrustStore;
  readonly fetch: typeof globalThis.fetch;
  /** ms since epoch. */
  readonly now: () => number;
  /** A line for whoever watches. */
  readonly log: (line: string) => void;
  /**
   * Is awaited after each step that has changed the disk or a service, with the step's name and the
   * subsystem's; see {@link UPDATE_STEPS}. A test's process may end itself there. Does nothing otherwise.
   */
  readonly atStep: (step: string, subsystem: string) => void | Promise<void>;
}

/**
 * Finds a subsystem of the configuration.
 *
 * @throws {SyncError} `WRONG_SUBSYSTEM` if there is none of that name.
 */
export function subsystemOf({ subsystems }: SyncConfig, name: string): SubsystemConfig {
  const found = Object.hasOwn(subsystems, name) ? subsystems[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(subsystems).join('", "');
  throw new SyncError(
    "WRONG_SUBSYSTEM",
    `Cannot find the subsystem: expected one of "${known}", got "${name}"`,
  );
}
