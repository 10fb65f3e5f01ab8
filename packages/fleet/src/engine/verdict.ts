/** What can be said of a service that is watched, and in which words. */
import type { ReasonCode } from "@tideline/version/fleet";
import type { HealthConfig } from "../config/sync-config.js";
import { pause } from "../supervise/pause.js";
import { type ServiceState, type Supervisor, SupervisorError } from "../supervise/supervisor.js";

/** What came of watching a service. */
export type Verdict =
  | { readonly ok: true; readonly state: ServiceState }
  | { readonly ok: false; readonly reason: ReasonCode; readonly detail: string };

/** What is watched. */
export interface Watched {
  readonly supervisor: Supervisor;
  readonly service: string;
  readonly health: HealthConfig;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
}

/** `EXITED`: it does not run. */
export function exited(service: string, { exitCode }: ServiceState): Verdict {
  const detail = `"${service}" ended${exitCode === null ? "" : ` with exit code ${exitCode}`}`;
  return { ok: false, reason: "EXITED", detail };
}

/** `FLAPPING`, if it is another process than the first that was seen; else null. */
export function flapped(service: string, first: ServiceState, state: ServiceState): Verdict | null {
  if (state.pid === first.pid && state.restarts <= first.restarts) return null;
  const detail = `"${service}" was restarted while it was watched: process ${first.pid}, then ${state.pid}`;
  return { ok: false, reason: "FLAPPING", detail };
}

/** `SERVICE_UNKNOWN` */
export function unknownService(service: string): Verdict {
  const detail = `The supervisor has no service "${service}" any more`;
  return { ok: false, reason: "SERVICE_UNKNOWN", detail };
}

/** `CHECK_FAILED` @param problem As `runCheck` gives it. */
export function checkFailed(service: string, problem: string): Verdict {
  const detail = `The health check of "${service}" failed: ${problem}`;
  return { ok: false, reason: "CHECK_FAILED", detail };
}

/** Looks until the supervisor answers, for as long as a service may take to become ready. */
export async function lookNow({
  supervisor,
  service,
  health,
  signal,
}: Watched): Promise<ServiceState | Verdict> {
  const tries = Math.max(1, Math.ceil(health.readyTimeoutMs / LOOK_EVERY_MS));
  for (let left = tries; ; left -= 1) {
    signal.throwIfAborted();
    try {
      return await supervisor.inspect(service, signal);
    } catch (error) {
      if (!(error instanceof SupervisorError)) throw error;
      if (error.kind === "unknown-service") return unknownService(service);
      if (left <= 1) return { ok: false, reason: "SUPERVISOR_UNREACHABLE", detail: error.message };
    }
    await pause(LOOK_EVERY_MS, signal);
  }
}

const LOOK_EVERY_MS = 250;
