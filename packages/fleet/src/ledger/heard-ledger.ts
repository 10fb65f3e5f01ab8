import type { FleetTarget } from "@tideline/version/fleet";
import { SyncError } from "../sync-error.js";
import type { FleetLedger } from "./fleet-ledger.js";
import type { HeardTargets } from "./heard-targets.js";
import type { ReportQueue } from "./report-queue.js";

/** Stands in for a ledger that is away. */
export interface HeardLedger extends FleetLedger {
  readonly kind: "heard";
}

/**
 * Opens what was heard last. What had settled is still asked for; a rollout is open to nobody, as it
 * may have been halted since.
 *
 * @param reports Keeps what is told until the ledger is back; null: nobody is told.
 */
export function openHeardLedger(heard: HeardTargets, reports: ReportQueue | null): HeardLedger {
  const targets = heard.targets.map(withoutRings);
  return {
    kind: "heard",
    watchTargets(onTargets, signal) {
      if (!signal.aborted) onTargets(targets);
    },
    targets: () => targets,
    watchHints: () => {},
    report: async (report) => {
      await reports?.add(report);
    },
    publish: async () => {
      throw new SyncError(
        "LEDGER_UNREACHABLE",
        `Cannot publish: expected the ledger at ${heard.url}, got no answer`,
      );
    },
    state: () => ({ isConnected: false, awaySince: heard.at }),
    close: async () => {},
  };
}

function withoutRings(target: FleetTarget): FleetTarget {
  const { rollout } = target;
  if (rollout === null) return target;
  const mode = rollout.mode === "completed" ? "running" : rollout.mode;
  return { ...target, rollout: { ...rollout, mode, openTo: 0, canaries: [] } };
}
