import { readText } from "../http/read-text.js";
import { show } from "../model/show.js";

/** A public RSA key as RFC 7517 names its parts. */
export interface SigningKey {
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

/** Longer than an issuer ever took, shorter than a CI job's patience. */
export const FETCH_TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;
const MAX_KEYS = 100;

/**
 * Fetches the keys by which an issuer signs with RS256; others of its keys are left out.
 *
 * @throws {Error} If it is away, redirects, takes longer than 5 s or gives no such key.
 */
export async function fetchKeys(
  issuer: string,
  fetchFrom: typeof fetch,
): Promise<readonly SigningKey[]> {
  const url = `${issuer}/.well-known/jwks`;
  const leaving = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Convex's own fetch knows no signal; there the answer is left to itself.
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`Cannot fetch "${url}": no answer after ${FETCH_TIMEOUT_MS} ms`));
      leaving.abort();
    }, FETCH_TIMEOUT_MS);
  });
  try {
    return await Promise.race([download(url, fetchFrom, leaving.signal), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

async function download(
  url: string,
  fetchFrom: typeof fetch,
  signal: AbortSignal,
): Promise<readonly SigningKey[]> {
  const headers = { Accept: "application/json" };
  // Whoever the issuer sends us on to is not the issuer.
  const response = await fetchFrom(url, { headers, redirect: "error", signal });
  if (response.status !== 200) {
    throw new Error(`Cannot fetch "${url}": expected status 200, got ${response.status}`);
  }
  const text = await readText(response, MAX_BYTES);
  const keys = text === null ? [] : parseKeys(text);
  if (keys.length > 0) return keys;
  throw new Error(`Cannot read "${url}": expected RSA keys, got ${show(text ?? "too much")}`);
}

function parseKeys(text: string): SigningKey[] {
  const set = parseJson(text);
  if (typeof set !== "object" || set === null || !("keys" in set)) return [];
  if (!Array.isArray(set.keys)) return [];
  return set.keys
    .slice(0, MAX_KEYS)
    .filter(isSigningKey)
    .map(({ kid, n, e }) => ({ kid, n, e }));
}

function isSigningKey(value: unknown): value is SigningKey {
  if (typeof value !== "object" || value === null) return false;
  const key = value as Readonly<Record<string, unknown>>;
  return (
    key.kty === "RSA" &&
    (key.use === undefined || key.use === "sig") &&
    (key.alg === undefined || key.alg === "RS256") &&
    [key.kid, key.n, key.e].every((part) => typeof part === "string" && part !== "")
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is no keys, and the caller says so.
    return null;
  }
}
