import { equalSecrets } from "./equal-secrets.js";
import { ledgerError } from "./ledger-error.js";

// Sixteen random characters cannot be guessed over a network; a word can.
const MIN_TOKEN_LENGTH = 16;

/** One token of a setting. */
export interface TokenEntry {
  /** "web/production", or null for every target. */
  readonly target: string | null;
  readonly secret: string;
}

/**
 * Reads a setting of tokens: entries separated by commas or white space, each a token for every
 * target or `first/second=token` for one. Several entries for a target are all good, so that a
 * token can be replaced without a gap.
 *
 * @param name The setting's, for the error.
 * @throws {ConvexError} INVALID_SETTING if a token is too short.
 */
export function parseTokenEntries(name: string, setting: string): TokenEntry[] {
  return setting
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .map((entry, index) => parseEntry(name, entry, index));
}

/**
 * Finds the entry that a token equals and that is good for one of the targets. Every entry is
 * compared, also after a match, so that the time says nothing about their order.
 *
 * @param isFor Says whether an entry for this target is good.
 */
export function findEntry(
  entries: readonly TokenEntry[],
  token: string,
  isFor: (target: string) => boolean,
): TokenEntry | null {
  let found: TokenEntry | null = null;
  for (const entry of entries) {
    const isEqual = equalSecrets(token, entry.secret);
    if (isEqual && (entry.target === null || isFor(entry.target))) found = entry;
  }
  return found;
}

function parseEntry(name: string, entry: string, index: number): TokenEntry {
  // A token may itself hold "=" (base64 padding), so only a name in front of it makes a target.
  const match = /^([A-Za-z0-9._-]+\/[A-Za-z0-9._-]+)=([^=].*)$/.exec(entry);
  const secret = match?.[2] ?? entry;
  if (secret.length < MIN_TOKEN_LENGTH) {
    throw ledgerError(
      "INVALID_SETTING",
      `Cannot read ${name}: expected tokens of at least ${MIN_TOKEN_LENGTH} characters, ` +
        `got ${secret.length} in entry ${index + 1}`,
    );
  }
  return { target: match?.[1] ?? null, secret };
}
