import { ConvexHttpClient } from "convex/browser";

/** What one call of the ledger needs. */
export interface AskOptions {
  /** The deployment's address. */
  readonly url: string;
  /** For the sentence of an error: "enrol", "approve". */
  readonly doing: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  /** @default 10_000 */
  readonly timeoutMs?: number;
}

/** That the ledger has answered, and not with what was asked for. */
export class LedgerRefusal extends Error {
  override readonly name = "LedgerRefusal";
  /** The ledger's own, such as `UNAUTHENTICATED`. */
  readonly code: string;
  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Calls one function of the ledger over HTTP, once, for a command that needs no subscription.
 *
 * @throws {LedgerRefusal} What the function said.
 * @throws {Error} If there is no answer; nobody knows then whether a mutation was done.
 */
export async function askLedger(
  kind: "query" | "mutation",
  name: string,
  args: Readonly<Record<string, unknown>>,
  { url, doing, fetch, signal, timeoutMs = 10_000 }: AskOptions,
): Promise<unknown> {
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const late = new Error(`no answer within ${timeoutMs / 1000} s`);
  const timer = setTimeout(() => controller.abort(late), timeoutMs);
  const client = new ConvexHttpClient(url, {
    // A deployment of one's own may have any address.
    skipConvexDeploymentUrlCheck: true,
    logger: false,
    fetch: (input, init) => fetch(input, { ...init, signal: controller.signal }),
  });
  try {
    // The client's types know functions by generated references; a name is the same at run time.
    return kind === "query"
      ? await client.query(name as never, args as never)
      : await client.mutation(name as never, args as never, { skipQueue: true });
  } catch (cause) {
    signal.throwIfAborted();
    throw explain(cause, name, doing, url);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function explain(cause: unknown, name: string, doing: string, url: string): Error {
  const { data } = cause as { data?: { code?: unknown; message?: unknown } };
  if (typeof data?.code === "string") {
    return new LedgerRefusal(data.code, String(data.message), { cause });
  }
  const { message, cause: inner } = cause as Error;
  if (message.includes("Could not find public function")) {
    return new Error(
      `Cannot ${doing}: expected "${name}" at ${url}, got no such function; deploy the convex folder first`,
      { cause },
    );
  }
  // Node's fetch says only that it failed; why is in its cause.
  const why = inner instanceof Error && inner.message !== "" ? inner.message : message;
  return new Error(`Cannot ${doing} at ${url}: ${why.replace(/\s*\n\s*/g, " ")}`, { cause });
}
