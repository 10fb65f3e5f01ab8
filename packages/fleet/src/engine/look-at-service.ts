/** Whether the service of a subsystem runs now, for whoever asks while nothing is updated. */
import type { ReasonCode } from "@tideline/version/fleet";
import type { SubsystemConfig } from "../config/sync-config.js";
import { pause } from "../supervise/pause.js";
import type { ServiceState, Supervisor } from "../supervise/supervisor.js";
import { SyncError } from "../sync-error.js";
import { asSyncError } from "./as-sync-error.js";
import { childSignal } from "./child-signal.js";

/** What is wrong with a service. */
export interface ServiceProblem {
  /** `SUPERVISOR_UNREACHABLE` and `SERVICE_UNKNOWN`: nobody can tell whether it runs. */
  readonly reason: Extract<
    ReasonCode,
    "NOT_RUNNING" | "NOT_READY" | "FLAPPING" | "SUPERVISOR_UNREACHABLE" | "SERVICE_UNKNOWN"
  >;
  readonly detail: string;
}

/** Whether nobody can tell how the service is: then it may be well. */
export function isUntold({ reason }: ServiceProblem): boolean {
  return reason === "SUPERVISOR_UNREACHABLE" || reason === "SERVICE_UNKNOWN";
}

/**
 * Looks at a service, and a moment later once more unless it is plainly well: one that ends and is
 * started again and again runs at many a look. Changes nothing.
 *
 * @returns Null if it is well, or if nothing runs the binary.
 * @throws The signal's reason when it aborts.
 */
export async function lookAtService(
  supervisor: Supervisor,
  { service }: Pick<SubsystemConfig, "service">,
  signal: AbortSignal,
): Promise<ServiceProblem | null> {
  if (service === null) return null;
  const patience = childSignal(signal, PATIENCE_MS);
  try {
    const first = await supervisor.inspect(service, patience.signal);
    if (isWell(first) && first.restarts === 0) return null;
    await pause(A_MOMENT_MS, signal);
    signal.throwIfAborted();
    return judge(service, first, await supervisor.inspect(service, patience.signal));
  } catch (cause) {
    signal.throwIfAborted();
    return unknownFor(cause);
  } finally {
    patience.end();
  }
}

// A supervisor is on this machine, or away.
const PATIENCE_MS = 3_000;
const A_MOMENT_MS = 1_000;

function isWell({ isRunning, isReady }: ServiceState): boolean {
  return isRunning && isReady !== false;
}

function judge(service: string, first: ServiceState, now: ServiceState): ServiceProblem | null {
  const restarts = `its supervisor has restarted it ${now.restarts} times`;
  if (now.restarts > first.restarts) {
    return { reason: "FLAPPING", detail: `"${service}" does not stay up: ${restarts}` };
  }
  if (!now.isRunning) {
    const code = now.exitCode === null ? "" : `, its last end was with exit code ${now.exitCode}`;
    return { reason: "NOT_RUNNING", detail: `"${service}" does not run${code}` };
  }
  if (now.isReady === false && first.isRunning) {
    return { reason: "NOT_READY", detail: `"${service}" runs, and is not ready` };
  }
  return null;
}

function unknownFor(cause: unknown): ServiceProblem {
  const error = asSyncError(cause);
  if (error instanceof SyncError && error.reason === "SERVICE_UNKNOWN") {
    return { reason: "SERVICE_UNKNOWN", detail: error.message };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { reason: "SUPERVISOR_UNREACHABLE", detail };
}
