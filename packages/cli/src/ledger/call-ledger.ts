/**
 * One function of the ledger over HTTP, tried until it is answered. Every call made here may be
 * repeated: a record carries an idempotency key, and announcing or aborting twice is like once.
 */
import { ConvexHttpClient } from "convex/browser";
import { CommandError } from "../command-error.js";
import { LedgerHttpError, readAnswer } from "./ledger-http.js";
import { notFoundHint } from "./not-found-hint.js";
import { type CallOptions, withRetries } from "./with-retries.js";

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
  return await callFunction("mutation", path, args, options);
}

/** Calls a mutation or a query, as `callLedger` does. */
export async function callFunction(
  kind: "mutation" | "query",
  path: string,
  args: Readonly<Record<string, unknown>>,
  options: CallOptions,
): Promise<unknown> {
  try {
    return await withRetries((stop) => callOnce(kind, path, args, options.url, stop), options);
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw explain(cause, path, options);
  }
}

async function callOnce(
  kind: "mutation" | "query",
  path: string,
  args: Readonly<Record<string, unknown>>,
  url: string,
  stop: AbortSignal,
): Promise<unknown> {
  const client = new ConvexHttpClient(url, {
    // Self-hosted and embedded deployments do not end in .convex.cloud.
    skipConvexDeploymentUrlCheck: true,
    logger: false,
    fetch: (input, init) => readAnswer(input, { ...init, signal: stop }),
  });
  // The client's types know functions by generated references; a path is the same at run time.
  return kind === "query"
    ? await client.query(path as never, args as never)
    : await client.mutation(path as never, args as never, { skipQueue: true });
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
