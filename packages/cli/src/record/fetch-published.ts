/** One look at a public address, past every cache and bounded in every way. */
import { randomUUID } from "node:crypto";
import { networkReason } from "../network-reason.js";
import { TimeOverError, withinTime } from "../within-time.js";

/** What the address answered. */
export interface PublishedAnswer {
  /** Where redirections led in the end, without what was added to get past caches. */
  readonly url: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** How `fetch` is had; tests pass their own. */
export type Fetch = typeof globalThis.fetch;

/** How to look. */
export interface FetchPublishedOptions {
  readonly signal?: AbortSignal | undefined;
  /** A header for one origin alone: where a redirection leads is somebody else's. */
  readonly credentials?: { readonly origin: string; readonly authorization: string } | null;
  readonly fetch?: Fetch | undefined;
}

// A page or a version.json is a few kB; more is something else.
const MAX_BYTES = 2 * 1024 * 1024;
const TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 5;

/**
 * Reads a public address with `no-store` and a parameter that no cache has seen.
 *
 * @throws {Error} With a reason that begins in lower case, if there is no whole answer within 10 s,
 *   it is longer than 2 MiB, or redirections lead on and on or away from http.
 */
export async function fetchPublished(
  address: string,
  { signal, credentials, fetch = globalThis.fetch }: FetchPublishedOptions = {},
): Promise<PublishedAnswer> {
  const read = (stop: AbortSignal) => follow(address, stop, credentials ?? null, fetch);
  try {
    return await withinTime(TIMEOUT_MS, read, { signal });
  } catch (error) {
    throw new Error(error instanceof TimeOverError ? error.message : networkReason(error));
  }
}

async function follow(
  address: string,
  stop: AbortSignal,
  credentials: FetchPublishedOptions["credentials"],
  fetch: Fetch,
): Promise<PublishedAnswer> {
  let url = new URL(address);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await fetch(withCacheBuster(url), {
      cache: "no-store",
      headers: {
        accept: "application/json, text/html;q=0.9",
        ...(credentials?.origin === url.origin && { authorization: credentials.authorization }),
      },
      redirect: "manual",
      signal: stop,
    });
    const next = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || next === null) {
      return {
        url: url.href,
        status: response.status,
        contentType: response.headers.get("content-type") ?? "",
        body: await readBounded(response),
      };
    }
    await response.body?.cancel();
    if (!URL.canParse(next, url.href)) throw new Error(`it redirects to "${next.slice(0, 100)}"`);
    url = withoutCacheBuster(new URL(next, url));
    if (!/^https?:$/.test(url.protocol)) throw new Error(`it redirects to "${url.protocol}"`);
    if (url.username + url.password !== "") {
      throw new Error(`it redirects to an address with a password at "${url.host}"`);
    }
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirections`);
}

const BUSTER = "tideline-look";

function withCacheBuster(url: URL): URL {
  const busted = new URL(url);
  busted.searchParams.set(BUSTER, randomUUID());
  return busted;
}

/** A host that redirects most often keeps the parameters. */
function withoutCacheBuster(url: URL): URL {
  url.searchParams.delete(BUSTER);
  return url;
}

async function readBounded(response: Response): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop by an error cancels the body, so that the rest is not transferred.
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`the answer is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
