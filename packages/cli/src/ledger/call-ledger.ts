/**
 * One mutation of the ledger over HTTP, tried until it is answered. Every call made here may be
 * repeated: a record carries an idempotency key, and announcing or aborting twice is like once.
 */
import { ConvexHttpClient } from "convex/browser";
import pRetry from "p-retry";
import { CommandError } from "../command-error.js";
import { LedgerHttpError, readAnswer, UnreachableError } from "./ledger-http.js";
import { notFoundHint } from "./not-found-hint.js";

/** How to call. */
export interface CallOptions {
  /** What the sentence says could not be done, for example `"record web in staging"`. */
  readonly doing: string;
  readonly url: string;
  /** How long to try in all. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly log: (sentence: string) => void;
}

// A proxy that answers nothing is given up on, so that the next attempt still has time.
const ATTEMPT_TIMEOUT_MS = 15_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;

/**
 * Calls a mutation by its path. Network failures and the statuses 408, 429 and 5xx are tried again
 * with growing pauses; whatever the function itself says is final.
 *
 * @returns What the function returned.
 * @throws {CommandError} `interrupted` by the signal, else `failed`.
 */
export async function callLedger(
  path: string,
  args: Readonly<Record<string, unknown>>,
  options: CallOptions,
): Promise<unknown> {
  const { doing, url, timeoutMs, log } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  const stop = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline;
  let lastProblem: string | null = null;
  try {
    return await pRetry(() => callOnce(path, args, url, stop), {
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
  } catch (cause) {
    if (options.signal?.aborted) {
      throw new CommandError("interrupted", `Stopped before the ledger answered: ${doing}`, {
        isOutcomeUnknown: true,
        cause,
      });
    }
    if (deadline.aborted) {
      const last = lastProblem === null ? "" : `; the last attempt: ${lastProblem}`;
      throw new CommandError(
        "failed",
        `Cannot ${doing}: no answer from ${url} within ${timeoutMs / 1000} s${last}`,
        { isOutcomeUnknown: true, cause },
      );
    }
    throw explain(cause, path, options);
  }
}

async function callOnce(
  path: string,
  args: Readonly<Record<string, unknown>>,
  url: string,
  stop: AbortSignal,
): Promise<unknown> {
  const client = new ConvexHttpClient(url, {
    // Self-hosted and embedded deployments do not end in .convex.cloud.
    skipConvexDeploymentUrlCheck: true,
    logger: false,
    fetch: (input, init) =>
      readAnswer(input, {
        ...init,
        signal: AbortSignal.any([stop, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
      }),
  });
  // The client's types know functions by generated references; a path is the same at run time.
  return await client.mutation(path as never, args as never, { skipQueue: true });
}

function isTransient(error: Error): boolean {
  if (error instanceof UnreachableError) return !error.isPermanent;
  return (
    error instanceof LedgerHttpError &&
    (error.status === 408 || error.status === 429 || error.status >= 500)
  );
}

function explain(cause: unknown, path: string, { doing, url }: CallOptions): CommandError {
  const data = (cause as { data?: unknown }).data;
  if (typeof data === "object" && data !== null && "code" in data && "message" in data) {
    return new CommandError("failed", String(data.message), { code: String(data.code), cause });
  }
  const text = (cause as Error).message.replace(/^\[Request ID: \w+\] /, "");
  if (text.includes("Could not find public function")) {
    return new CommandError(
      "failed",
      `Cannot ${doing}: ${url} has no function "${path}", deploy your convex folder first`,
      { cause },
    );
  }
  const isNotFound = cause instanceof LedgerHttpError && cause.status === 404;
  return new CommandError(
    "failed",
    `Cannot ${doing} at ${url}: ${text.trim().replace(/\s*\n\s*/g, " ")}${isNotFound ? `; ${notFoundHint(url)}` : ""}`,
    { cause },
  );
}
