/** Looks at public addresses, round after round, until they settle or the time is over. */
import { type Clock, REAL_CLOCK } from "./clock.js";
import { type LookAt, lookOnce } from "./look-once.js";
import { type Observation, type ObservationRules, observe, startObservation } from "./observe.js";

/** How to look. */
export interface WatchOptions {
  /** The pause between two rounds. */
  readonly intervalMs: number;
  /** How long to look in all, whatever a look does; one round is always begun. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly look?: LookAt | undefined;
  readonly clock?: Clock | undefined;
}

// A look that the end of the time cut short sooner says nothing of the address.
const MIN_TELLING_MS = 1_000;

/**
 * Looks until the addresses settle.
 *
 * @returns The last observation; `looking` if the time was over before they settled.
 * @throws {DOMException} `AbortError`, when the signal ends it.
 */
export async function watchProbes(
  rules: ObservationRules,
  { intervalMs, timeoutMs, signal, look, clock = REAL_CLOCK }: WatchOptions,
): Promise<Observation> {
  const end = clock.now() + timeoutMs;
  for (let observation = startObservation(rules); ; ) {
    const begunAt = clock.now();
    const withinMs = Math.max(0, end - begunAt);
    const round = await lookOnce(rules.probes, { withinMs, signal, look, clock });
    const isTelling = !round.isCutShort || clock.now() - begunAt >= MIN_TELLING_MS;
    if (!isTelling && observation.rounds > 0) return observation;
    observation = observe(observation, round.sights);
    if (observation.state === "settled" || clock.now() + intervalMs > end) return observation;
    await clock.sleep(intervalMs, signal);
  }
}
