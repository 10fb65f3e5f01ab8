import { ledgerError } from "../model/ledger-error.js";
import { show } from "../model/show.js";

/** How far the issuer's clock and this server's may be apart. */
export const CLOCK_SKEW_MS = 60_000;
// GitHub's live for minutes. A longer one is none of a workflow run, and would be kept as used for
// as long.
const MAX_LIFETIME_MS = 24 * 60 * 60_000;

/** What a token is expected to say of itself. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  /** ms since epoch. */
  readonly now: number;
}

/**
 * Checks by whom, for whom and for when a token says that it was made.
 *
 * @throws {ConvexError} UNAUTHENTICATED
 */
export function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  { issuer, audience, now }: Expected,
): void {
  if (claims.iss !== issuer) fail(`iss "${issuer}"`, claims.iss);
  // One audience alone: a token for several could be replayed by any of them.
  if (claims.aud !== audience) fail(`aud "${audience}"`, claims.aud);
  // A token without a name could be used again and again.
  if (typeof claims.jti !== "string" || claims.jti === "") fail("jti", claims.jti);
  const clock = new Date(now).toISOString();
  const tolerance = `with ${CLOCK_SKEW_MS / 1000} s of tolerance`;
  const exp = moment(claims, "exp");
  if (exp + CLOCK_SKEW_MS <= now) fail(`exp after ${clock} ${tolerance}`, exp);
  for (const name of ["iat", "nbf"]) {
    const value = moment(claims, name);
    if (value > now + CLOCK_SKEW_MS) fail(`${name} before ${clock} ${tolerance}`, value);
  }
  const latest = moment(claims, "iat") + MAX_LIFETIME_MS;
  if (exp > latest) fail(`exp within a day of iat, by ${new Date(latest).toISOString()}`, exp);
}

/** Reads a NumericDate (RFC 7519 2) as ms since epoch. */
function moment(claims: Readonly<Record<string, unknown>>, name: string): number {
  const seconds = claims[name];
  if (typeof seconds === "number" && seconds >= 0 && seconds < 1e11) return seconds * 1000;
  return fail(`${name} in seconds since epoch`, seconds);
}

function fail(expected: string, got: unknown): never {
  const shown = typeof got === "number" ? new Date(got).toISOString() : show(got);
  throw ledgerError(
    "UNAUTHENTICATED",
    `Cannot accept the OIDC token: expected ${expected}, got ${shown}`,
  );
}
