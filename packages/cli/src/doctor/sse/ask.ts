import { CommandError } from "../../command-error.js";
import { networkReason } from "../../network-reason.js";
import { withinTime } from "../../within-time.js";
import { type Credentials, credentialsFor } from "./credentials.js";

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

/** What to send, and how long to wait for the whole answer. */
export interface Question {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly credentials: Credentials | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a GET and reads the whole answer. */
export async function ask(
  url: string,
  { signal, timeoutMs, credentials, headers = {} }: Question,
): Promise<Answer> {
  const start = performance.now();
  const get = async (stop: AbortSignal): Promise<Answer> => {
    const response = await fetch(url, {
      headers: { ...headers, ...credentialsFor(url, credentials) },
      signal: stop,
    });
    const body = await response.text();
    const tookMs = performance.now() - start;
    const { status, headers: got, url: address } = response;
    return { kind: "answered", status, headers: got, body, url: address, tookMs };
  };
  try {
    return await withinTime(timeoutMs, get, { signal });
  } catch (error) {
    if (signal.aborted) {
      throw new CommandError("interrupted", "Stopped before all was checked", { cause: error });
    }
    return { kind: "unreachable", why: networkReason(error) };
  }
}
