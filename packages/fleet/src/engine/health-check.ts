import { spawn } from "node:child_process";
import type { HealthConfig } from "../config/sync-config.js";
import { pause } from "../supervise/pause.js";

/**
 * Runs a subsystem's own health check once: an address that answers 2xx, or a command that ends with
 * 0. Redirects are not followed, and a command gets no shell.
 *
 * @returns What is wrong, as the end of a sentence; null if it is well. A check that was stopped by
 *   `signal` is not well.
 */
export async function runCheck(
  check: NonNullable<HealthConfig["check"]>,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<string | null> {
  const limit = new AbortController();
  const stop = () => limit.abort();
  const timer = setTimeout(stop, CHECK_TIMEOUT_MS);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return "http" in check
      ? await askAddress(check.http, fetch, limit.signal)
      : await runProgram(check.command, limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** Between two checks of one service. */
export const CHECK_EVERY_MS = 250;

/** Runs a check, and once more if it failed: one answer that was lost is no illness. */
export async function runCheckTwice(
  check: NonNullable<HealthConfig["check"]>,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<string | null> {
  if ((await runCheck(check, fetch, signal)) === null) return null;
  await pause(CHECK_EVERY_MS, signal);
  return await runCheck(check, fetch, signal);
}

// A service that needs longer to say that it is well is not.
const CHECK_TIMEOUT_MS = 5_000;

async function askAddress(
  address: string,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const response = await fetch(address, { redirect: "manual", signal });
    await response.body?.cancel();
    return response.ok ? null : `expected 2xx, got ${response.status}`;
  } catch (error) {
    if (signal.aborted) return `expected an answer within ${CHECK_TIMEOUT_MS} ms, got none`;
    const cause = (error as { cause?: { code?: string } }).cause?.code;
    return `expected an answer, got ${cause ?? (error as Error).message}`;
  }
}

function runProgram(command: readonly string[], signal: AbortSignal): Promise<string | null> {
  const [program = "", ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: "ignore", signal, killSignal: "SIGKILL" });
    child.once("error", (error) => {
      resolve(
        signal.aborted
          ? `expected "${program}" to end within ${CHECK_TIMEOUT_MS} ms`
          : `expected "${program}" to run, got ${(error as NodeJS.ErrnoException).code}`,
      );
    });
    child.once("exit", (code, killedBy) => {
      resolve(code === 0 ? null : `expected "${program}" to end with 0, got ${code ?? killedBy}`);
    });
  });
}
