import type { JWTPayload } from "jose";
import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { ledgerError } from "../model/ledger-error.js";
import { show } from "../model/show.js";
import type { Expected } from "./check-claims.js";
import { CLOCK_SKEW_MS, checkClaims } from "./check-claims.js";
import type { SigningKey } from "./fetch-keys.js";

// The one that GitHub signs with. A list from the token itself would let it choose "none", or HS256
// with the public key as its secret.
const ALGORITHM = "RS256";

/** Says whether a bearer token has the form of a signed one (RFC 7519), and is no record token. */
export function isSignedToken(token: string): boolean {
  if (token.split(".").length !== 3) return false;
  try {
    decodeProtectedHeader(token);
    return true;
  } catch {
    // Not of that form; whether it is a record token is for others to say.
    return false;
  }
}

/**
 * Verifies a token's signature and what it says of itself.
 *
 * @param findKey Gives the issuer's key of that name.
 * @returns The claims.
 * @throws {ConvexError} UNAUTHENTICATED; the token itself is in no message.
 */
export async function verifyToken(
  token: string,
  expected: Expected,
  findKey: (kid: string) => Promise<SigningKey>,
): Promise<JWTPayload> {
  const { alg, kid } = decodeProtectedHeader(token);
  if (alg !== ALGORITHM) fail(`alg "${ALGORITHM}"`, alg);
  if (typeof kid !== "string" || kid === "" || kid.length > 256) fail("kid", kid);
  // Before the signature, so that a foreign or an old token looks up no key and is told why.
  checkClaims(decodeClaims(token), expected);

  const { n, e } = await findKey(kid);
  const key = await importJWK({ kty: "RSA", alg: ALGORITHM, n, e }, ALGORITHM);
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      issuer: expected.issuer,
      audience: expected.audience,
      clockTolerance: CLOCK_SKEW_MS / 1000,
      requiredClaims: ["exp", "iat", "nbf", "jti"],
      currentDate: new Date(expected.now),
    });
    return payload;
  } catch (error) {
    // Their messages hold no part of the token; other errors are this server's own.
    if (!(error instanceof Error && "code" in error)) throw error;
    return fail(`a token signed by the key ${show(kid)}`, error.message);
  }
}

function decodeClaims(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    // What the parser found would be a part of the token.
    return fail("claims as a JSON object", "something else");
  }
}

function fail(expected: string, got: unknown): never {
  throw ledgerError(
    "UNAUTHENTICATED",
    `Cannot accept the OIDC token: expected ${expected}, got ${show(got)}`,
  );
}
