/** An answer of the ledger's HTTP door, read whole, or one of two errors that say what went wrong. */

import { networkReason } from "../network-reason.js";

/** The ledger could not be talked to; whether it did the work is not known. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
  /** True if it was never sent and never can be: a port that fetch refuses, a broken address. */
  readonly isPermanent: boolean;

  constructor(
    message: string,
    options: { readonly isPermanent: boolean; readonly cause: unknown },
  ) {
    super(message, { cause: options.cause });
    this.isPermanent = options.isPermanent;
  }
}

/** The ledger, or something in front of it, answered with a status that is no result. */
export class LedgerHttpError extends Error {
  override readonly name = "LedgerHttpError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

// "The function ran and threw": an answer of Convex like 200.
const FUNCTION_FAILED = 560;

/**
 * Fetches like `fetch`, but reads the whole body, so that a connection that breaks in the middle
 * counts as unreachable, and passes on JSON results only.
 *
 * @throws {UnreachableError} If there was no whole answer.
 * @throws {LedgerHttpError} If the status is neither 200 nor 560, or the body is not JSON.
 */
export async function readAnswer(
  input: string | URL | Request,
  init: RequestInit,
): Promise<Response> {
  const { status, body } = await fetchWhole(input, init);
  if (status !== 200 && status !== FUNCTION_FAILED) {
    throw new LedgerHttpError(status, `status ${status}${messageOf(body)}`);
  }
  if (parseObject(body) === null) {
    throw new LedgerHttpError(
      400,
      `expected the JSON of a Convex deployment, got "${body.slice(0, 60).replace(/\s+/g, " ")}"`,
    );
  }
  return new Response(body, { status, headers: { "content-type": "application/json" } });
}

/**
 * Fetches like `fetch` and reads the whole body, whatever the status.
 *
 * @throws {UnreachableError} If there was no whole answer.
 */
export async function fetchWhole(
  input: string | URL | Request,
  init: RequestInit,
): Promise<{ readonly status: number; readonly body: string }> {
  try {
    const response = await fetch(input, init);
    return { status: response.status, body: await response.text() };
  } catch (cause) {
    throw new UnreachableError(describe(cause), { isPermanent: isPermanent(cause), cause });
  }
}

/** Convex says why in JSON; a proxy's HTML page would say nothing to anybody. */
export function messageOf(body: string): string {
  const json = parseObject(body);
  const message = json?.message ?? json?.errorMessage;
  return typeof message === "string" ? ` (${message.slice(0, 300)})` : "";
}

/** Gives the JSON object that the body is, or null. */
export function parseObject(body: string): { readonly [field: string]: unknown } | null {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === "object" && json !== null ? { ...json } : null;
  } catch {
    // Not JSON is one of the two expected cases.
    return null;
  }
}

/** What the network did has a code; what fetch itself would not do has none. */
function isPermanent(error: unknown): boolean {
  if (!(error instanceof TypeError)) return false;
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return code === undefined || code === "ERR_INVALID_URL";
}

function describe(error: unknown): string {
  return (error as Error)?.name === "TimeoutError" ? "no answer in time" : networkReason(error);
}
