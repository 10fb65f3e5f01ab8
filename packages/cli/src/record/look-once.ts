import { TimeOverError, withinTime } from "../within-time.js";
import type { Clock } from "./clock.js";
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
    clock,
  }: LookOnceOptions,
): Promise<Round> {
  const sights = addresses.map(unanswered);
  const lookAtAll = async (stop: AbortSignal) => {
    await Promise.all(
      addresses.map(async (address, index) => {
        sights[index] = await look(address, stop);
      }),
    );
  };
  let isCutShort = false;
  try {
    await withinTime(withinMs, lookAtAll, { signal, clock });
  } catch (error) {
    if (signal?.aborted || !(error instanceof TimeOverError)) throw error;
    isCutShort = true;
  }
  signal?.throwIfAborted();
  // What a look says later was not seen.
  return { sights: [...sights], isCutShort };
}

function unanswered(address: string): Sight {
  const problem = `${address} does not answer: no answer before the time was over`;
  return { stamp: null, problem };
}
