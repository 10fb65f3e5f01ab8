/**
 * `POST /deployments`, the ledger's door for callers that prove who they are by a bearer token:
 * GitHub's word for a job, or the record token where only this address is known.
 */
import { setTimeout } from "node:timers/promises";
import { CommandError } from "../command-error.js";
import { fetchWhole, LedgerHttpError, messageOf, parseObject } from "./ledger-http.js";
import { type CallOptions, withRetries } from "./with-retries.js";

/** What may be asked there. */
export type RouteAction = "begin" | "finish" | "abort";

/** How to ask. */
export interface RouteOptions extends CallOptions {
  /** Gives what proves the caller; asked before each attempt, because a token is good for one. */
  readonly bearer: (signal: AbortSignal) => Promise<string>;
  /** Whom that asks, for people; absent if nobody. */
  readonly bearerFrom?: string | undefined;
  /** Waits. @default by the machine's clock */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

// GitHub's clock and the verifier's differ by seconds; this is what others wait for it.
const CLOCK_PAUSE_MS = 6_000;
const PATH = "/deployments";

/**
 * Asks the route and gives its answer, a refusal by the ledger's policy included. Tried again as
 * `withRetries` does; a token that clocks disagree about is replaced once, after six seconds.
 *
 * @param options `url` is the address of the deployment's HTTP actions.
 * @throws {CommandError} `refused`, if the caller is known and not trusted; else as `callLedger`.
 */
export async function callRoute(
  action: RouteAction,
  args: Readonly<Record<string, unknown>>,
  options: RouteOptions,
): Promise<unknown> {
  const { sleep = defaultSleep, signal, doing, log } = options;
  const ask = async () =>
    await withRetries((stop, asks) => askOnce(action, args, options, stop, asks), options);
  try {
    return await ask().catch(async (error: unknown) => {
      if (!(error instanceof RouteError) || !error.isAboutTime) throw error;
      log(`The ledger's clock and GitHub's differ (${error.message}); asking for a new token`);
      await sleep(CLOCK_PAUSE_MS, signal);
      return await ask();
    });
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    if (signal?.aborted) {
      throw new CommandError("interrupted", `Stopped before the ledger answered: ${doing}`, {
        cause,
      });
    }
    throw explain(cause as Error, options);
  }
}

/** What the route says of a request that it did not take. */
class RouteError extends Error {
  override readonly name = "RouteError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  get isAboutTime(): boolean {
    return this.status === 401 && /\bexpected (?:(?:iat|nbf) before|exp after) /.test(this.message);
  }
}

async function askOnce(
  action: RouteAction,
  args: Readonly<Record<string, unknown>>,
  { url, bearer, bearerFrom = url }: RouteOptions,
  stop: AbortSignal,
  asks: (whom: string) => void,
): Promise<unknown> {
  asks(bearerFrom);
  const token = await bearer(stop);
  asks(url);
  const { status, body } = await fetchWhole(`${url}${PATH}`, {
    method: "POST",
    headers: {
      accept: "application/json",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ action, ...args }),
    // Following would turn the POST into a GET, or carry the token to another host.
    redirect: "manual",
    signal: stop,
  });
  const json = parseObject(body);
  if (status === 200 && json !== null) return json;
  if (status === 409 && json?.ok === false) return json;
  // A setting that makes no sense is a 500 that no repetition mends.
  const isFinal = status < 500 || json?.code === "INVALID_SETTING";
  if (isFinal && typeof json?.code === "string" && typeof json.message === "string") {
    throw new RouteError(status, json.code, json.message);
  }
  if (status === 200) {
    throw new LedgerHttpError(
      400,
      `expected the JSON of Tideline's route, got "${body.slice(0, 60).replace(/\s+/g, " ")}"`,
    );
  }
  throw new LedgerHttpError(status, `status ${status}${messageOf(body)}`);
}

function explain(cause: Error, { doing, url }: RouteOptions): CommandError {
  if (cause instanceof RouteError) {
    const kind = cause.code === "NOT_TRUSTED" ? "refused" : "failed";
    return new CommandError(kind, cause.message, { code: cause.code, cause });
  }
  return new CommandError("failed", `Cannot ${doing} at ${url}: ${cause.message}${hint(cause)}`, {
    cause,
  });
}

function hint(cause: Error): string {
  if (!(cause instanceof LedgerHttpError)) return "";
  if (cause.status === 404) {
    return "; there is no route /deployments, mount it in convex/http.ts and deploy that, or name the address of the HTTP actions with --site-url";
  }
  return cause.status >= 300 && cause.status < 400
    ? "; it leads elsewhere, name the address of the HTTP actions itself"
    : "";
}

async function defaultSleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await setTimeout(ms, undefined, signal ? { signal } : {});
}
