import { type Clock, REAL_CLOCK } from "./clock.js";
import { readPublishedStamp, type Sight } from "./published-stamp.js";

/** Looks at one address; told of a signal that ends it. */
export type LookAt = (address: string, signal: AbortSignal) => Promise<Sight>;

/** How to look once. */
export interface LookOnceOptions {
  /** How long it may take. */
  readonly withinMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly look?: LookAt | undefined;
  readonly clock?: Clock | undefined;
}

/** What one look at several addresses gave. */
export interface Round {
  /** In the order of the addresses. */
  readonly sights: readonly Sight[];
  /** True if the time was over before the last of them had answered. */
  readonly isCutShort: boolean;
}

/**
 * Looks once at every address, at the same time. It is over when its time is, whatever the looks
 * do: an address that has not answered by then has not answered.
 *
 * @throws {DOMException} `AbortError`, when the signal ends it: what was cut short was not seen.
 */
export async function lookOnce(
  addresses: readonly string[],
  {
    withinMs,
    signal,
    look = (address, stop) => readPublishedStamp(address, { signal: stop }),
    clock = REAL_CLOCK,
  }: LookOnceOptions,
): Promise<Round> {
  signal?.throwIfAborted();
  const ending = new AbortController();
  const end = () => ending.abort();
  const ended = new Promise<void>((resolve) => {
    ending.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const callOff = clock.after(withinMs, end);
  signal?.addEventListener("abort", end, { once: true });
  try {
    const sights = await Promise.all(
      addresses.map((address) =>
        Promise.race([look(address, ending.signal), ended.then(() => unanswered(address))]),
      ),
    );
    signal?.throwIfAborted();
    return { sights, isCutShort: ending.signal.aborted };
  } finally {
    callOff();
    signal?.removeEventListener("abort", end);
  }
}

function unanswered(address: string): Sight {
  const problem = `${address} does not answer: no answer before the time was over`;
  return { stamp: null, problem };
}
