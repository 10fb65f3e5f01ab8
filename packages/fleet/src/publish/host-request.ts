/**
 * One request to the release host: with its token, bounded in time and size, patient with its rate
 * limits, tried again only where that cannot do a thing twice.
 */
import { setTimeout as delay } from "node:timers/promises";
import { retryAfterMs } from "../artifact/retry-after.js";
import { SyncError } from "../sync-error.js";

const ANSWER_WITHIN_MS = 30_000;
// A line of 100 kB/s is slow, and still no reason to end an upload.
const BYTES_PER_MS = 100;
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;
// Who only looks can look again, and is not to seem to hang.
const PATIENCE_MS = 5_000;
/**
 * The longest pause of who publishes, as what is half public shall be ended: more than a minute's
 * secondary limit; an hour's primary limit is for a person to wait for.
 */
export const PUBLISHING_PATIENCE_MS = 5 * 60_000;
const MAX_JSON_BYTES = 16 * 1024 * 1024;
// https://docs.github.com/rest/about-the-rest-api/api-versions
const API_VERSION = "2022-11-28";

/** What the requests need of the outer world. */
export interface HostWorld {
  readonly fetch: typeof fetch;
  /** ms since epoch. */
  readonly now: () => number;
  /** Waits; ends with the signal's reason. @default by the clock */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** The longest pause for a rate limit, in ms. @default 5,000 */
  readonly patienceMs?: number;
}

/** One request. */
export interface HostRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly token: string | null;
  readonly json?: object;
  readonly bytes?: Uint8Array;
  /** @default "application/vnd.github+json" */
  readonly accept?: string;
  /** Statuses that the caller deals with, besides 2xx. */
  readonly also?: readonly number[];
  /** How many bytes are read; of a longer answer some more than that. @default 16 MiB */
  readonly maxBytes?: number;
}

/** What it answered; the body is whole. */
export interface HostAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

/**
 * Asks the release host.
 *
 * A rate limit (`429`, or `403` with `retry-after` or no requests left) is waited for as long as `world`
 * says: what was refused so was not done. Other failures are tried again for GET and DELETE only.
 *
 * @throws {SyncError} `RATE_LIMITED`, `NOT_AUTHORIZED`, `HOST_UNREACHABLE`, `HOST_REFUSED`.
 */
export async function hostRequest(request: HostRequest, world: HostWorld): Promise<HostAnswer> {
  const { method, url, also = [] } = request;
  const { patienceMs = PATIENCE_MS } = world;
  const isRepeatable = method === "GET" || method === "DELETE";
  const wait = world.wait ?? ((ms, signal) => delay(ms, undefined, { signal }));
  for (let attempt = 1; ; attempt++) {
    const outcome = await send(request, world).catch((error: unknown) => ({ error }));
    world.signal.throwIfAborted();
    const isLast = attempt === ATTEMPTS;
    if ("error" in outcome) {
      if (isLast || !isRepeatable) {
        throw new SyncError(
          "HOST_UNREACHABLE",
          `Cannot ${method} ${url}: ${whatFailed(outcome.error)}`,
          {
            cause: outcome.error,
          },
        );
      }
      await wait(pauseOf(attempt), world.signal);
      continue;
    }
    const { status } = outcome;
    if ((status >= 200 && status < 300) || also.includes(status)) return outcome;
    const limitMs = limitOf(outcome, world.now());
    if (limitMs !== null) {
      if (isLast || limitMs > patienceMs) {
        throw new SyncError(
          "RATE_LIMITED",
          `Cannot ${method} ${url}: the release host allows it in ${Math.ceil(limitMs / 1000)} s`,
        );
      }
      world.log(`The release host asks for a pause of ${Math.ceil(limitMs / 1000)} s`);
      await wait(limitMs, world.signal);
      continue;
    }
    if (status >= 500 && isRepeatable && !isLast) {
      await wait(pauseOf(attempt), world.signal);
      continue;
    }
    throw refusal(request, outcome);
  }
}

async function send(request: HostRequest, { fetch, signal }: HostWorld): Promise<HostAnswer> {
  const { method, url, token, json, bytes, accept, maxBytes = MAX_JSON_BYTES } = request;
  const moved = Math.max(bytes?.length ?? 0, maxBytes === MAX_JSON_BYTES ? 0 : maxBytes);
  const ending = new AbortController();
  const stop = () => ending.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const limitMs = ANSWER_WITHIN_MS + moved / BYTES_PER_MS;
  const timer = setTimeout(
    () => ending.abort(new Error(`no answer within ${Math.round(limitMs / 1000)} s`)),
    limitMs,
  );
  try {
    signal.throwIfAborted();
    const response = await fetch(url, {
      method,
      headers: {
        accept: accept ?? "application/vnd.github+json",
        // What was uploaded is compared byte for byte; nobody shall pack it on the way.
        "accept-encoding": "identity",
        "user-agent": "tideline-sync",
        "x-github-api-version": API_VERSION,
        // fetch drops it where a redirect leads to another origin, as to the store of the files.
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { "content-type": "application/json" }),
        ...(bytes !== undefined && { "content-type": "application/octet-stream" }),
      },
      body:
        json !== undefined ? JSON.stringify(json) : ((bytes as Uint8Array<ArrayBuffer>) ?? null),
      signal: ending.signal,
    });
    return {
      status: response.status,
      headers: response.headers,
      bytes: await readBody(response, maxBytes),
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

async function readBody(response: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    chunks.push(chunk);
    // Who asked compares sizes anyway; more is not read.
    if (size > maxBytes) return Buffer.concat(chunks);
  }
  // A close without an error, as of HTTP/1.0, is no end of the answer.
  const announced = response.headers.get("content-length");
  const isPlain = response.headers.get("content-encoding") === null;
  if (announced !== null && isPlain && Number(announced) !== size) {
    throw new Error(`expected ${announced} bytes, got ${size}`);
  }
  return Buffer.concat(chunks);
}

function pauseOf(attempt: number): number {
  // Full jitter: publishers that failed together do not come back together.
  return Math.random() * FIRST_PAUSE_MS * 2 ** attempt;
}

/** How long the host wants to be left alone, if that is what it says. */
function limitOf({ status, headers }: HostAnswer, now: number): number | null {
  if (status !== 429 && status !== 403) return null;
  // GitHub's advice for a secondary limit without a header: at least one minute.
  return retryAfterMs(headers, now) ?? (status === 429 ? 60_000 : null);
}

function refusal({ method, url }: HostRequest, { status, bytes }: HostAnswer): SyncError {
  const said = messageOf(bytes);
  const sentence = `Cannot ${method} ${url}: status ${status}${said === null ? "" : ` (${said})`}`;
  // GitHub answers 404, not 403, where a token may not see a repository.
  if (status === 401 || status === 403 || status === 404)
    return new SyncError("NOT_AUTHORIZED", sentence);
  return new SyncError(status >= 500 ? "HOST_UNREACHABLE" : "HOST_REFUSED", sentence);
}

function messageOf(bytes: Buffer): string | null {
  try {
    const { message, errors } = JSON.parse(bytes.toString()) as {
      message?: unknown;
      errors?: unknown;
    };
    const more = errors === undefined ? "" : ` ${JSON.stringify(errors)}`;
    return typeof message === "string" ? `${message}${more}`.slice(0, 300) : null;
  } catch {
    return null; // A proxy's page in HTML says nothing that helps.
  }
}

function whatFailed(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error.cause instanceof Error ? error.cause : error;
  return message || error.message;
}
