import { CommandError } from "../command-error.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { WatchOptions } from "./watch-probes.js";

/** How often in a row addresses must agree before they are believed. */
export const AGREEING = 3;

/** How often what is served is confirmed anew; whoever overtakes so often has recorded it. */
export const MAX_ROUNDS = 20;

// A rollout takes minutes where the ledger takes milliseconds.
const DEFAULT_WAIT_SECONDS = 300;
const DEFAULT_INTERVAL_SECONDS = 2;

/** Where and how to look. */
export interface ProbeOptions extends Omit<WatchOptions, "signal" | "onRound"> {
  /** No addresses: nobody looks. */
  readonly probes: readonly string[];
}

/**
 * Reads `--probe`, `--probe-interval` and `--timeout` as what they say of looking.
 *
 * @param configured The address of the environment's configuration, used if no other is given.
 * @throws {CommandError} `usage`, if an address is none.
 */
export function readProbeOptions(given: GivenOptions, configured: string | null): ProbeOptions {
  const named = given.texts("probe");
  const probes = named.length > 0 ? named : configured === null ? [] : [configured];
  const interval = given.number("probe-interval", 0.01, 3600) ?? DEFAULT_INTERVAL_SECONDS;
  const seconds = given.number("timeout", 0.1, 86_400) ?? DEFAULT_WAIT_SECONDS;
  return {
    probes: [...new Set(probes.map((probe) => httpAddress("--probe", probe)))],
    intervalMs: interval * 1000,
    timeoutMs: seconds * 1000,
  };
}

/**
 * Checks a public address.
 *
 * @throws {CommandError} `usage`, if it is no http(s) address.
 */
export function httpAddress(option: string, text: string): string {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href;
  throw new CommandError(
    "usage",
    `Cannot use ${option}: expected an http or https address, got "${text}"`,
  );
}
