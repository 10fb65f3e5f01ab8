import type { GivenOptions } from "../parse-command-line.js";
import { lookWith, publicAddress } from "./public-address.js";
import type { WatchOptions } from "./watch-probes.js";

/** How often in a row addresses must agree before they are believed. */
export const AGREEING = 3;

/** How often what is served is confirmed anew; whoever overtakes so often has recorded it. */
export const MAX_ROUNDS = 20;

// A rollout takes minutes where the ledger takes milliseconds.
const DEFAULT_WAIT_SECONDS = 300;
const DEFAULT_INTERVAL_SECONDS = 2;

/** Where and how to look. */
export interface ProbeOptions extends Omit<WatchOptions, "signal"> {
  /** None: nobody looks. Without credentials, which `look` has. */
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
  const addresses = probes.map((probe) => publicAddress("--probe", probe));
  return {
    probes: [...new Set(addresses.map(({ url }) => url))],
    intervalMs: interval * 1000,
    timeoutMs: seconds * 1000,
    look: lookWith(addresses),
  };
}
