/** One request to a remote: bounded in time and size, its redirects left to the caller. */
import { SyncError } from "../sync-error.js";
import type { DetectWorld } from "./detect-world.js";

/** What was answered; the body is whole, unless `isEnough` ended it. */
export interface BoundedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

/** One request. */
export interface BoundedRequest {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Asked after each piece of the body; true ends the reading. */
  readonly isEnough?: (soFar: Buffer) => boolean;
}

/** A listing of 250,000 refs; nothing that a server sends shall fill the memory. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const ANSWER_WITHIN_MS = 30_000;

/**
 * Sends a request and reads its answer. No redirect is followed and no status is judged here.
 *
 * @throws {SyncError} `REMOTE_UNREACHABLE`; `REMOTE_TIMED_OUT`, also when the body stops coming;
 *   `LISTING_INCOMPLETE` if the body is shorter than the answer's head says; `LISTING_TOO_LARGE`.
 */
export async function boundedRequest(
  { url, method, headers = {}, body, isEnough }: BoundedRequest,
  world: DetectWorld,
): Promise<BoundedAnswer> {
  const { fetch, signal, timeoutMs = ANSWER_WITHIN_MS } = world;
  signal.throwIfAborted();
  const ending = new AbortController();
  let isTimedOut = false;
  // Not AbortSignal.any with AbortSignal.timeout: Node 20 collects the latter before its time.
  const timer = setTimeout(() => {
    isTimedOut = true;
    ending.abort(new Error("timed out"));
  }, timeoutMs);
  const stop = (): void => ending.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  let hasHead = false;
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(body !== undefined && { body }),
      redirect: "manual",
      signal: ending.signal,
    });
    hasHead = true;
    const bytes = await readBody(response, url, isEnough);
    return { status: response.status, headers: response.headers, bytes };
  } catch (error) {
    if (error instanceof SyncError) throw error;
    signal.throwIfAborted();
    const [code, what] = isTimedOut
      ? (["REMOTE_TIMED_OUT", `no answer within ${timeoutMs} ms`] as const)
      : hasHead
        ? (["LISTING_INCOMPLETE", "the answer was cut off"] as const)
        : (["REMOTE_UNREACHABLE", causeOf(error)] as const);
    throw new SyncError(code, `Cannot ask "${url.href}": ${what}`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

async function readBody(
  response: Response,
  url: URL,
  isEnough: ((soFar: Buffer) => boolean) | undefined,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the body, and with it the connection.
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) {
      throw new SyncError(
        "LISTING_TOO_LARGE",
        `Cannot ask "${url.href}": expected at most ${MAX_ANSWER_BYTES} bytes, got more`,
      );
    }
    if (isEnough?.(Buffer.concat(chunks)) === true) break;
  }
  return Buffer.concat(chunks);
}

function causeOf(error: unknown): string {
  const { cause } = error as {
    readonly cause?: { readonly code?: string; readonly message?: string };
  };
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
}
