/** A service's state as process-compose writes it (`types.ProcessState`), and our reading of it. */
import * as v from "valibot";
import type { ServiceState } from "./supervisor.js";

/** The fields of it that decide anything; the built-in supervisor sends the same. */
export interface WireState {
  readonly name: string;
  /** "Running", "Restarting", "Terminating", "Completed", "Pending", … */
  readonly status: string;
  readonly is_running: boolean;
  readonly is_ready: "Ready" | "Not Ready" | "-";
  /** True for a liveness probe as well, which never makes it "Ready". */
  readonly has_ready_probe: boolean;
  readonly restarts: number;
  /** 0 as long as it has never ended. */
  readonly exit_code: number;
  /** Of its last run, once it has ended. */
  readonly pid: number;
}

/** One frame of `/process/states/ws`. */
export interface WireEvent {
  readonly snapshot?: boolean;
  readonly state: WireState;
}

const STATE = v.object({
  status: v.string(),
  is_running: v.boolean(),
  is_ready: v.string(),
  restarts: v.number(),
  exit_code: v.number(),
  pid: v.number(),
});

const NEVER_RAN = new Set(["Pending", "Disabled", "Foreground"]);

/**
 * Reads the answer of `GET /process/{name}`.
 *
 * @param hasReadiness Whether the service has something that makes it ready, from `/process/info`.
 * @returns Null if it is no such answer.
 */
export function readWireState(body: unknown, hasReadiness: boolean): ServiceState | null {
  const parsed = v.safeParse(STATE, body);
  if (!parsed.success) return null;
  const state = parsed.output;
  const isRunning = state.is_running;
  const hasNotEnded = NEVER_RAN.has(state.status) || (isRunning && state.exit_code === 0);
  return {
    pid: isRunning && state.pid > 0 ? state.pid : null,
    isRunning,
    isReady: hasReadiness ? isRunning && state.is_ready === "Ready" : null,
    restarts: state.restarts,
    exitCode: hasNotEnded ? null : state.exit_code,
  };
}
