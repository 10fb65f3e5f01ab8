import { ConvexHttpClient } from "convex/browser";
import { asLedgerError, type LedgerQuestion } from "./as-ledger-error.js";

/** What one call of the ledger needs. */
export interface AskOptions extends Omit<LedgerQuestion, "name"> {
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  /** @default 10_000 */
  readonly timeoutMs?: number;
}

/**
 * Calls one function of the ledger over HTTP, once, for a command that needs no subscription.
 *
 * @throws {SyncError} `TOKEN_REFUSED`, or `LEDGER_REFUSED` with what the function said;
 *   `LEDGER_UNREACHABLE` if there is no answer: nobody knows then whether a mutation was done.
 */
export async function askLedger(
  kind: "query" | "mutation",
  name: string,
  args: Readonly<Record<string, unknown>>,
  { url, doing, token, fetch, signal, timeoutMs = 10_000 }: AskOptions,
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
    throw asLedgerError(cause, { url, doing, name, token });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
