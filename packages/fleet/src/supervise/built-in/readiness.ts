import { spawn } from "node:child_process";
import type { BuiltInService } from "../../config/sync-config.js";
import { signalGroup } from "../../signal-group.js";
import { pause } from "../pause.js";

/** How often a service is asked whether it is ready. */
export interface ProbePace {
  /** While it is not ready, or has just failed. @default 200 */
  readonly soonMs: number;
  /** While it is ready. @default 1_000 */
  readonly laterMs: number;
  /** @default 2_000 */
  readonly timeoutMs: number;
}

// A new version that falls ill is noticed within this, three failures and all, in time for the old one
// to be back within 3 s of it.
export const PROBE_PACE: ProbePace = { soonMs: 200, laterMs: 1_000, timeoutMs: 2_000 };

// One late answer of a busy machine is no illness; the tries after it come at the quick pace.
const FAILURES = 3;

/** What is asked of which process. */
export interface Probe {
  readonly service: BuiltInService;
  readonly pid: number;
  readonly pace: ProbePace;
  readonly onReady: (isReady: boolean) => void;
}

/** Asks until `signal` aborts, and tells whenever the answer changes. The first to tell is "ready". */
export async function probeReadiness(probe: Probe, signal: AbortSignal): Promise<void> {
  let isReady = false;
  let failures = 0;
  while (!signal.aborted) {
    const isWell = await askOnce(probe, signal);
    if (signal.aborted) return;
    failures = isWell ? 0 : failures + 1;
    if (isWell !== isReady && (isWell || failures >= FAILURES)) {
      isReady = isWell;
      probe.onReady(isReady);
    }
    await pause(isReady && isWell ? probe.pace.laterMs : probe.pace.soonMs, signal);
  }
}

async function askOnce({ service, pid, pace }: Probe, signal: AbortSignal): Promise<boolean> {
  const { readiness } = service;
  if (readiness === null) return true;
  const late = new AbortController();
  const abort = () => late.abort();
  const timer = setTimeout(abort, pace.timeoutMs);
  signal.addEventListener("abort", abort, { once: true });
  try {
    if ("http" in readiness) {
      const answer = await fetch(readiness.http, { signal: late.signal, redirect: "manual" });
      await answer.body?.cancel();
      return answer.ok;
    }
    return await runProbe(readiness.command, service, pid, late.signal);
  } catch {
    // Whatever kept it from answering, it is not ready.
    return false;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** Runs the command in a group of its own, so that what it has started ends with it. */
function runProbe(
  [program = "", ...args]: readonly string[],
  service: BuiltInService,
  pid: number,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: service.folder,
      // So that a command can tell this run of the service from the one before.
      env: { ...process.env, ...service.environment, SERVICE_PID: String(pid) },
      stdio: "ignore",
      detached: true,
    });
    const abort = () => signalGroup(child.pid, "SIGKILL");
    const finish = (isWell: boolean) => {
      signal.removeEventListener("abort", abort);
      resolve(isWell);
    };
    child.once("error", () => finish(false));
    child.once("exit", (code) => finish(code === 0));
    signal.addEventListener("abort", abort, { once: true });
  });
}
