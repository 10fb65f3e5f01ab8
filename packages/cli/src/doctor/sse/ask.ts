import { CommandError } from "../../command-error.js";

/** How an ordinary request went. */
export type Answer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Headers;
      readonly body: string;
      /** After all redirects. */
      readonly url: string;
      readonly tookMs: number;
    }
  | { readonly kind: "unreachable"; readonly why: string };

/** What to send. */
export interface Question {
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 10_000;

/** Sends a GET and reads the whole answer. */
export async function ask(url: string, { signal, headers = {} }: Question): Promise<Answer> {
  const start = performance.now();
  try {
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const body = await response.text();
    const tookMs = performance.now() - start;
    const { status, headers: got, url: address } = response;
    return { kind: "answered", status, headers: got, body, url: address, tookMs };
  } catch (error) {
    if (signal.aborted) {
      throw new CommandError("interrupted", "Stopped before all was checked", { cause: error });
    }
    const { name, cause, message } = error as Error;
    if (name === "TimeoutError") {
      return { kind: "unreachable", why: `no answer within ${TIMEOUT_MS / 1000} s` };
    }
    return { kind: "unreachable", why: cause instanceof Error ? whyOf(cause) : message };
  }
}

/** Several addresses that all refused come without a sentence of their own. */
function whyOf(cause: Error & { readonly code?: unknown }): string {
  return cause.message || String(cause.code ?? cause.name);
}
