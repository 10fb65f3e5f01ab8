/**
 * One subsystem, from what the ledger asks to a version that runs and has been watched.
 *
 * ```text
 * idle -> planned -> downloading -> verified -> staged -> exec-tested    nothing live is touched;
 *   |                                                          |         an error: refused, idle
 *   |                        machine's lock, last look: locked <
 *   |                                                    |
 *   |                      swap, .version: swapped <-----+      from here on a crash or an error
 *   |                             |                             never ends without one of the two
 *   |        restarting -> gating -> soaking -> committed -> idle           versions being well
 *   |             |           |         |
 *   |             +-----------+---------+--> rolling-back -> rolled-back -> idle
 *   |                                                |
 *   +-- a next release may heal it <-- needs-operator
 * ```
 *
 * Every state is written to the journal before the next step begins. recover.ts takes it up again.
 */
import type { FleetTarget } from "@tideline/version/fleet";
import { adopt } from "./adopt.js";
import { decide } from "./decide.js";
import { type EngineDeps, subsystemOf } from "./engine-deps.js";
import { installRelease } from "./install-release.js";
import { lockSubsystem, lockSubsystemSoon } from "./locks.js";
import { recoverLocked } from "./recover.js";
import { refuse, relabel } from "./refuse.js";
import type { UpdateOutcome } from "./update-outcome.js";

/** How an update is asked for. */
export interface UpdateOptions {
  /** Aborts it in order: before the swap at once, later so that the next start goes on. */
  readonly signal: AbortSignal;
  /** Neither window nor number of tries count: somebody said `--now`. @default false */
  readonly isUrgent?: boolean;
  /** Takes a live binary that nobody knows as what was there before: somebody said `--adopt`. @default false */
  readonly adopts?: boolean;
  /**
   * Installs the release in the place of a live binary that nobody knows, which is kept as evidence:
   * somebody said `--replace`. @default false
   */
  readonly replaces?: boolean;
  /** A person asks for this very subsystem, now. @default false */
  readonly isAsked?: boolean;
}

/**
 * Brings a subsystem to what its target asks for, or says why not. Whatever an earlier process left
 * half done is ended first.
 *
 * @param target Null if the ledger names none.
 * @throws {SyncError} `WRONG_SUBSYSTEM`, `STATE_DAMAGED`: nothing was begun.
 * @throws The signal's reason when it aborts.
 */
export async function updateSubsystem(
  deps: EngineDeps,
  name: string,
  target: FleetTarget | null,
  options: UpdateOptions,
): Promise<UpdateOutcome> {
  const { signal, isUrgent = false, adopts = false, replaces = false, isAsked = false } = options;
  const subsystem = subsystemOf(deps.config, name);
  const { state } = deps.config;
  const lock = isAsked
    ? await lockSubsystemSoon(state, name, signal)
    : await lockSubsystem(state, name);
  if (lock === null) {
    const detail = `Cannot update "${name}": another tideline-sync is at it`;
    const until = deps.now() + LOOK_AGAIN_MS;
    const about = { version: null, seq: null };
    return { state: "waiting", reason: "UPDATE_IN_PROGRESS", detail, until, ...about };
  }
  try {
    await recoverLocked(deps, subsystem, signal);
    // The release's own bytes without their `.version` need nothing but that.
    if (adopts || replaces) await adopt(deps, subsystem, target, { onlyReleased: replaces });
    const { plan } = await decide(deps, subsystem, target, { isUrgent, isAsked, replaces });
    switch (plan.action) {
      case "nothing":
        return { state: "current", version: plan.version, seq: plan.seq };
      case "relabel":
        return await relabel(deps, subsystem, plan, target);
      case "wait":
      case "refuse":
        return await refuse(deps, subsystem, plan, target);
      case "install":
        return await installRelease(deps, subsystem, { plan, target, isUrgent, replaces, signal });
      default:
        return plan satisfies never;
    }
  } finally {
    await lock.release();
  }
}

// Another process that updates says nothing when it is done.
const LOOK_AGAIN_MS = 10_000;
