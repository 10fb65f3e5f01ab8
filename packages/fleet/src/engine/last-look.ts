import type { FleetTarget, ReasonCode } from "@tideline/version/fleet";
import { requireFreeSpace } from "../artifact/require-free-space.js";
import type { ServiceState } from "../supervise/supervisor.js";
import { asSyncError } from "./as-sync-error.js";
import type { Attempt } from "./attempt.js";
import { decide } from "./decide.js";

/** Why the attempt ends right before the swap. */
export interface LastRefusal {
  /** `wait`: nothing is wrong with the release or the machine. */
  readonly action: "wait" | "refuse";
  readonly reason: ReasonCode;
  readonly detail: string;
  readonly until: number | null;
}

/**
 * Looks once more, with the machine's lock held, before anything live is touched: a download takes
 * long enough for a rollout to be halted, for a pin, for somebody's hand on the binary.
 *
 * @param target What the attempt began with; the newest one that the ledger knows counts instead.
 * @returns Null if it may go on.
 * @throws {SyncError} `DISK_FULL`
 */
export async function lastLook(
  attempt: Attempt,
  target: FleetTarget,
  how: { readonly isUrgent: boolean; readonly replaces: boolean },
): Promise<LastRefusal | null> {
  const { deps, subsystem, journal } = attempt;
  const newest = newestTarget(deps.ledger.targets(), target);
  const { plan, facts } = await decide(deps, subsystem, newest, {
    ...how,
    countsAttempts: false,
  });
  const refuse = (reason: ReasonCode, detail: string): LastRefusal => ({
    ...{ action: "refuse", reason, detail, until: null },
  });
  const found = facts.live.state === "absent" ? null : facts.live.sha256;
  if (found !== (journal.from?.checksum ?? null)) {
    const detail = `Cannot update "${subsystem.name}": somebody replaced the live binary meanwhile`;
    return refuse("DRIFTED", detail);
  }
  if (plan.action === "wait" || plan.action === "refuse") {
    return { until: null, ...plan };
  }
  if (plan.action !== "install" || plan.manifest.seq !== journal.seq) {
    const detail = `${journal.version} is not asked for any more: ${plan.version ?? "nothing"} is`;
    return { action: "wait", reason: "SUPERSEDED", detail, until: null };
  }
  const size = facts.live.state === "absent" ? 0 : facts.live.size;
  await requireFreeSpace({ folder: attempt.stagingFolder, size: 0, previousSize: size });
  return null;
}

/** Gives the ledger's newest target of the same subsystem; a ledger that was never heard adds nothing. */
function newestTarget(
  known: readonly FleetTarget[] | null,
  target: FleetTarget,
): FleetTarget | null {
  if (known === null) return target;
  const newest = known.find(({ subsystem }) => subsystem === target.subsystem);
  // One that is gone from the ledger is asked of nobody any more. An older one is an older answer.
  if (newest === undefined) return null;
  return newest.generation >= target.generation ? newest : target;
}

/**
 * Asks the supervisor about the service, so that nothing is swapped that could not be restarted.
 *
 * @returns Null for a binary that nothing runs.
 * @throws {SyncError} `SUPERVISOR_UNREACHABLE`, `SERVICE_UNKNOWN`
 */
export async function inspectService(
  { deps, subsystem }: Pick<Attempt, "deps" | "subsystem">,
  signal: AbortSignal,
): Promise<ServiceState | null> {
  if (subsystem.service === null) return null;
  try {
    return await deps.supervisor.inspect(subsystem.service, signal);
  } catch (cause) {
    throw asSyncError(cause);
  }
}
