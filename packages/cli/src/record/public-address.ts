import { CommandError } from "../command-error.js";
import type { LookAt } from "./look-once.js";
import { readPublishedStamp } from "./published-stamp.js";

/** A public address, and what it asks of whoever reads it. */
export interface PublicAddress {
  /** Without name and password, so that it may be printed and kept. */
  readonly url: string;
  /** The header that says them (RFC 7617), or null. */
  readonly authorization: string | null;
}

/**
 * Reads a public address, which may hold a name and a password: `https://name:password@host/`.
 *
 * @throws {CommandError} `usage`, if it is no http(s) address; what may be a password is masked.
 */
export function publicAddress(option: string, text: string): PublicAddress {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) {
    const { username, password } = url;
    const pair = `${decoded(username)}:${decoded(password)}`;
    const authorization = pair === ":" ? null : `Basic ${Buffer.from(pair).toString("base64")}`;
    url.username = "";
    url.password = "";
    return { url: url.href, authorization };
  }
  throw new CommandError(
    "usage",
    `Cannot use ${option}: expected an http or https address, got "${masked(text)}"`,
  );
}

/** Gives what looks at addresses with their credentials; undefined where none has any. */
export function lookWith(addresses: readonly PublicAddress[]): LookAt | undefined {
  const headers = new Map(
    addresses.flatMap(({ url, authorization }) =>
      authorization === null ? [] : [[url, authorization] as const],
    ),
  );
  if (headers.size === 0) return undefined;
  return (address, signal) =>
    readPublishedStamp(address, { signal, authorization: headers.get(address) });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % stands for itself.
    return text;
  }
}

/** Masks everything before the last @ that is no scheme: it may be a password. */
export function masked(text: string): string {
  return text.replace(/^(\s*[a-z][a-z\d+.-]*:\/\/)?.*@/is, "$1***@");
}
