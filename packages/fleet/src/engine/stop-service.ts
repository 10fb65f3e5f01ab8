import { performance } from "node:perf_hooks";
import { pause } from "../supervise/pause.js";
import { type Supervisor, SupervisorError } from "../supervise/supervisor.js";
import { SyncError } from "../sync-error.js";
import { asSyncError } from "./as-sync-error.js";
import { childSignal } from "./child-signal.js";
import type { Watched } from "./verdict.js";

/**
 * Ends a service, and has it stay so. As for a restart, a supervisor that is away is asked again for as
 * long as the service may take to become ready. One that its supervisor does not know has ended.
 *
 * @throws {SyncError} `SUPERVISOR_UNREACHABLE`, `RESTART_FAILED`: it may run on.
 * @throws The signal's reason when it aborts.
 */
export async function stopService({
  supervisor,
  service,
  health,
  signal,
}: Pick<Watched, "supervisor" | "service" | "health" | "signal">): Promise<void> {
  const giveUpAt = performance.now() + health.readyTimeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const error = await tryToStop(supervisor, service);
    if (error === null) return;
    const isAway = error instanceof SupervisorError && error.kind === "unreachable";
    if (!isAway || performance.now() >= giveUpAt) {
      const cause = asSyncError(error);
      const reason = cause instanceof SyncError ? cause.reason : "SUPERVISOR_UNREACHABLE";
      const why = error instanceof Error ? error.message : String(error);
      const message = `Cannot stop "${service}": expected it to end, but its process may run on: ${why}`;
      throw new SyncError(reason, message, { cause: error });
    }
    await pause(ASK_AGAIN_MS, signal);
  }
}

const ASK_AGAIN_MS = 250;

/** @returns Why it may run on; null: it does not. */
async function tryToStop(supervisor: Supervisor, service: string): Promise<unknown> {
  // Not given up halfway: what is being ended is not well.
  const patience = childSignal(new AbortController().signal, STOP_WITHIN_MS);
  try {
    await supervisor.stop?.(service, patience.signal);
    return null;
  } catch (error) {
    if (!(error instanceof SupervisorError)) return error;
    if (error.kind === "unknown-service") return null;
    if (error.kind !== "failed") return error;
    // Some supervisors will not stop what does not run.
    const state = await supervisor.inspect(service, patience.signal).catch(() => null);
    return state?.isRunning === false ? null : error;
  } finally {
    patience.end();
  }
}

// As long as a service may take to end; after that the supervisor kills it, or nobody can.
const STOP_WITHIN_MS = 60_000;
