/** One request to the ledger, tried until it is answered. The request must be safe to repeat. */
import pRetry from "p-retry";
import { CommandError } from "../command-error.js";
import type { Clock } from "../record/clock.js";
import { TimeOverError, withinTime } from "../within-time.js";
import { LedgerHttpError, UnreachableError } from "./ledger-http.js";

/** How to call. */
export interface CallOptions {
  /** What the sentence says could not be done, for example `"record web in staging"`. */
  readonly doing: string;
  readonly url: string;
  /** How long to try in all. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly log: (sentence: string) => void;
  readonly clock?: Clock | undefined;
}

// A proxy that answers nothing is given up on, so that the next attempt still has time.
const ATTEMPT_TIMEOUT_MS = 15_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;

/**
 * Gives what an attempt gives. One that fails for the network, or with the status 408, 429 or 5xx,
 * is made again with growing pauses; whatever else it throws is final and thrown on.
 *
 * @param attempt Told of a signal that ends it, each time a new one. Says whom it asks, where that
 *   is not `url`, for the sentence that says who did not answer.
 * @throws {CommandError} `interrupted` by the signal, or `failed` after the time; else what the
 *   attempt threw.
 */
export async function withRetries<Answer>(
  attempt: (stop: AbortSignal, asks: (whom: string) => void) => Promise<Answer>,
  { doing, url, timeoutMs, signal, log, clock }: CallOptions,
): Promise<Answer> {
  let lastProblem: string | null = null;
  let asked = url;
  const asks = (whom: string) => {
    asked = whom;
  };
  const once = async (stop: AbortSignal) => {
    try {
      return await withinTime(ATTEMPT_TIMEOUT_MS, (end) => attempt(end, asks), {
        signal: stop,
        clock,
      });
    } catch (cause) {
      if (stop.aborted || !(cause instanceof TimeOverError)) throw cause;
      throw new UnreachableError("no answer in time", { isPermanent: false, cause });
    }
  };
  const again = (stop: AbortSignal) =>
    pRetry(() => once(stop), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: FIRST_DELAY_MS,
      maxTimeout: MAX_DELAY_MS,
      // Many jobs that fail together should not come back together.
      randomize: true,
      signal: stop,
      shouldRetry: ({ error }) => isTransient(error),
      onFailedAttempt: ({ error, attemptNumber }) => {
        if (!isTransient(error) || stop.aborted) return;
        lastProblem = error.message;
        log(`Attempt ${attemptNumber} to ${doing} failed: ${error.message}; trying again`);
      },
    });
  try {
    return await withinTime(timeoutMs, again, { signal, clock });
  } catch (cause) {
    if (signal?.aborted) {
      throw new CommandError("interrupted", `Stopped before the ledger answered: ${doing}`, {
        isOutcomeUnknown: true,
        cause,
      });
    }
    if (cause instanceof TimeOverError) {
      const last = lastProblem === null ? "" : `; the last attempt: ${lastProblem}`;
      throw new CommandError(
        "failed",
        `Cannot ${doing}: no answer from ${asked} within ${timeoutMs / 1000} s${last}`,
        { isOutcomeUnknown: true, cause },
      );
    }
    throw cause;
  }
}

function isTransient(error: Error): boolean {
  if (error instanceof UnreachableError) return !error.isPermanent;
  return (
    error instanceof LedgerHttpError &&
    (error.status === 408 || error.status === 429 || error.status >= 500)
  );
}
