/**
 * One look at one subsystem: on a developer machine from its upstream to a published release, then,
 * as on every machine, from its target to a version that runs.
 */
import type { FleetTarget } from "@tideline/version/fleet";
import type { UpdateOutcome } from "../engine/update-outcome.js";
import { SyncError } from "../sync-error.js";
import type { LogEvent } from "./service-log.js";
import type { Wake } from "./wake-queue.js";

/** What came of looking at an upstream. */
export interface Developed {
  /** One sentence; null if there is nothing to say. */
  readonly message: string | null;
  /** When to look again, ms since epoch; null: when told. */
  readonly until: number | null;
}

/** What looks are made of. */
export interface LookParts {
  /** Reads targets anew where they do not come by themselves. @throws {SyncError} */
  readonly refresh: (subsystem: string) => Promise<void>;
  /** The newest target; null if the ledger names none, undefined if it was not heard yet. */
  readonly target: (subsystem: string) => FleetTarget | null | undefined;
  /** Upstream to release. @throws {SyncError} */
  readonly develop: (subsystem: string, signal: AbortSignal) => Promise<Developed>;
  /** The engine. */
  readonly update: (
    subsystem: string,
    target: FleetTarget | null,
    signal: AbortSignal,
  ) => Promise<UpdateOutcome>;
  /** Whether the subsystem's source is here. */
  readonly isDeveloper: (subsystem: string) => Promise<boolean>;
  /** Has the subsystem looked at again at a time, in ms since epoch. */
  readonly again: (subsystem: string, at: number, why: string) => void;
  readonly log: LogEvent;
  /** Aborts when the service ends: the engine then ends in order. */
  readonly signal: AbortSignal;
}

/**
 * Makes the look of a {@link WakeQueue}.
 *
 * @returns A function that rejects with the first thing that went wrong; everything that could be
 *   done beside it is done: a build that fails does not keep a machine from what others published.
 */
export function createLook(parts: LookParts): (subsystem: string, wake: Wake) => Promise<void> {
  const { log, signal } = parts;
  return async (subsystem, { refresh, develop, why }) => {
    signal.throwIfAborted();
    log("wake", { subsystem, why });
    const failures: unknown[] = [];
    const attempt = async (step: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        if (signal.aborted) return;
        failures.push(error);
        tellFailure(step, subsystem, error, log);
      }
    };
    if (develop && (await parts.isDeveloper(subsystem))) {
      await attempt("develop-failed", async () => {
        const { message, until } = await parts.develop(subsystem, signal);
        if (message !== null) log("upstream", { subsystem, message });
        if (until !== null) parts.again(subsystem, until, "TOO_YOUNG");
      });
    }
    if (refresh) await attempt("refresh-failed", () => parts.refresh(subsystem));
    await attempt("update-failed", async () => {
      const target = parts.target(subsystem);
      if (target === undefined) return;
      const outcome = await parts.update(subsystem, target, signal);
      tellOutcome(subsystem, outcome, log);
      if ("until" in outcome && outcome.until !== null) {
        parts.again(subsystem, outcome.until, outcome.reason);
      }
    });
    signal.throwIfAborted();
    if (failures.length > 0) throw failures[0];
  };
}

function tellFailure(step: string, subsystem: string, error: unknown, log: LogEvent): void {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof SyncError) {
    const { reason, nextStep } = error;
    log(step, { subsystem, message, reason, nextStep });
  } else log(step, { subsystem, message });
}

function tellOutcome(subsystem: string, outcome: UpdateOutcome, log: LogEvent): void {
  const { state, version, seq } = outcome;
  const said = "detail" in outcome ? { message: outcome.detail, reason: outcome.reason } : {};
  const until =
    "until" in outcome && outcome.until !== null ? new Date(outcome.until).toISOString() : null;
  log(state, { subsystem, ...said, version, seq, ...(until !== null && { until }) });
}
