import { performance } from "node:perf_hooks";
import { pause } from "../supervise/pause.js";
import { SupervisorError } from "../supervise/supervisor.js";
import { asSyncError } from "./as-sync-error.js";
import type { Watched } from "./verdict.js";

/**
 * Restarts exactly one service, also one that does not run. A supervisor that is away is asked again
 * for as long as the service may take to become ready.
 *
 * @throws {SyncError} `RESTART_FAILED`, `SUPERVISOR_UNREACHABLE`, `SERVICE_UNKNOWN`
 * @throws The signal's reason when it aborts.
 */
export async function restartService({
  supervisor,
  service,
  health,
  signal,
}: Watched): Promise<void> {
  const giveUpAt = performance.now() + health.readyTimeoutMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await supervisor.restart(service, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SupervisorError)) throw error;
      if (error.kind === "failed") return await startStopped(service, supervisor, signal, error);
      if (error.kind !== "unreachable" || performance.now() >= giveUpAt) throw asSyncError(error);
    }
    await pause(ASK_AGAIN_MS, signal);
  }
}

const ASK_AGAIN_MS = 250;

/** Some supervisors will not restart what does not run; then it only needs to be started. */
async function startStopped(
  service: string,
  supervisor: Watched["supervisor"],
  signal: AbortSignal,
  first: SupervisorError,
): Promise<void> {
  try {
    if ((await supervisor.inspect(service, signal)).isRunning) throw first;
    await supervisor.start(service, signal);
  } catch (error) {
    throw asSyncError(error);
  }
}
