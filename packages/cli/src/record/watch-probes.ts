/** Looks at public addresses, round after round, until they settle or the time is over. */
import { setTimeout } from "node:timers/promises";
import { type Observation, type ObservationRules, observe, startObservation } from "./observe.js";
import { readPublishedStamp, type Sight } from "./published-stamp.js";

/** How to look. */
export interface WatchOptions {
  /** The pause between two rounds. */
  readonly intervalMs: number;
  /** How long to look in all; there is always one round. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of every round. */
  readonly onRound?: (observation: Observation) => void;
  readonly look?: (address: string, signal: AbortSignal | undefined) => Promise<Sight>;
  readonly clock?: Clock;
}

/** The time as this needs it. */
export interface Clock {
  readonly now: () => number;
  /** Ends early, by throwing, when the signal does. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** The machine's own. */
export const REAL_CLOCK: Clock = {
  // Not the time of day, which may be set back while we wait.
  now: () => performance.now(),
  sleep: (ms, signal) => setTimeout(ms, undefined, signal ? { signal } : {}),
};

/**
 * Looks until the addresses settle.
 *
 * @returns The last observation; `looking` if the time was over before they settled.
 * @throws {DOMException} `AbortError`, when the signal ends it.
 */
export async function watchProbes(
  rules: ObservationRules,
  {
    intervalMs,
    timeoutMs,
    signal,
    onRound,
    look = (address) => readPublishedStamp(address, { signal }),
    clock = REAL_CLOCK,
  }: WatchOptions,
): Promise<Observation> {
  const end = clock.now() + timeoutMs;
  for (let observation = startObservation(rules); ; ) {
    signal?.throwIfAborted();
    const sights = await Promise.all(rules.probes.map((address) => look(address, signal)));
    // What was cut short was not seen.
    signal?.throwIfAborted();
    observation = observe(observation, sights);
    onRound?.(observation);
    if (observation.state === "settled" || clock.now() + intervalMs > end) return observation;
    await clock.sleep(intervalMs, signal);
  }
}
