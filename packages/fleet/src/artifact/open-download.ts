import { SyncError } from "../sync-error.js";
import { allowedAddress } from "./allowed-address.js";

/** An answer whose body is still to come. */
export interface OpenedDownload {
  readonly response: Response;
  /** Ends the request at once, whatever of it is still to come. */
  close(): void;
  /**
   * The next piece of the body; null at its end, which a cut connection may have made. Throws when the
   * connection is cut in another way, and when nothing comes for `idleTimeoutMs`.
   */
  read(): Promise<Uint8Array | null>;
}

/**
 * Asks for an address and follows its redirects, each of which is looked at first. No cookies, no
 * `Authorization`, no encoding on the way: the bytes are those that were signed.
 *
 * @param headers Sent to each address on the way.
 * @throws {SyncError} `HOST_UNUSABLE` if it leads to where nothing is fetched from; `HOST_UNREACHABLE`
 *   if there is no answer within `idleTimeoutMs`, or no end of redirects.
 * @throws The signal's reason when it aborts.
 */
export async function openDownload({
  url,
  headers,
  fetch,
  signal,
  idleTimeoutMs,
}: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
  readonly idleTimeoutMs: number;
}): Promise<OpenedDownload> {
  // One controller, held by this closure: a signal made of others may be collected on Node 20.
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", onAbort, { once: true });
  let timer: NodeJS.Timeout | undefined;
  const startTimer = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => controller.abort(new Error(`nothing came for ${idleTimeoutMs} ms`)),
      idleTimeoutMs,
    );
  };
  const close = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    controller.abort();
  };

  try {
    let address = allowedAddress(url, null);
    for (let redirects = 0; ; redirects++) {
      startTimer();
      const response = await fetch(address.href, {
        headers: {
          accept: "application/octet-stream, */*;q=0.5",
          "accept-encoding": "identity",
          ...headers,
        },
        redirect: "manual",
        credentials: "omit",
        cache: "no-store",
        signal: controller.signal,
      });
      clearTimeout(timer);
      const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
      if (location === null) return { response, close, read: reading(response, startTimer) };
      await response.body?.cancel();
      if (redirects === MAX_REDIRECTS) {
        throw new SyncError(
          "HOST_UNREACHABLE",
          `Cannot download "${url}": expected at most ${MAX_REDIRECTS} redirects, got more`,
        );
      }
      address = allowedAddress(location, address);
    }
  } catch (error) {
    close();
    if (error instanceof SyncError) throw error;
    signal.throwIfAborted();
    const problem = controller.signal.aborted ? controller.signal.reason : error;
    throw unreachable(url, problem);
  }
}

function reading(response: Response, startTimer: () => void): OpenedDownload["read"] {
  const reader = response.body?.getReader();
  return async () => {
    startTimer();
    const piece = await reader?.read();
    return piece === undefined || piece.done ? null : piece.value;
  };
}

function unreachable(url: string, problem: unknown): SyncError {
  const { message, cause } = problem as Error;
  // fetch() says "fetch failed", and why only in its cause.
  const why =
    cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : message;
  return new SyncError("HOST_UNREACHABLE", `Cannot download "${url}": ${why}`, { cause: problem });
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 5;
