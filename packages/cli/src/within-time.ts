import { type Clock, REAL_CLOCK } from "./record/clock.js";

/** The time for something was over before it was done. */
export class TimeOverError extends Error {
  // As fetch and AbortSignal.timeout() call it.
  override readonly name = "TimeoutError";

  constructor(limitMs: number) {
    super(`no answer within ${Number((limitMs / 1000).toFixed(3))} s`);
  }
}

/** What else ends the work. */
export interface WithinTimeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Gives what some work gives, if that comes in time. It is over when its time is, or when the signal
 * says so, whatever the work does; the work is told of both.
 *
 * `AbortSignal.any([signal, AbortSignal.timeout(ms)])` is not enough: neither holds the other, so in
 * Node 20 both are collected while a request is under way, and then nothing ends it.
 *
 * @param work Told of a signal that ends it.
 * @throws {TimeOverError} When the time is over; the signal's reason, when that ends it.
 */
export async function withinTime<Result>(
  limitMs: number,
  work: (stop: AbortSignal) => Promise<Result>,
  { signal, clock = REAL_CLOCK }: WithinTimeOptions = {},
): Promise<Result> {
  signal?.throwIfAborted();
  const ending = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    ending.signal.addEventListener("abort", () => reject(ending.signal.reason), { once: true });
  });
  const callOff = clock.after(limitMs, () => ending.abort(new TimeOverError(limitMs)));
  const stop = () => ending.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([ended, work(ending.signal)]);
  } finally {
    callOff();
    signal?.removeEventListener("abort", stop);
  }
}
