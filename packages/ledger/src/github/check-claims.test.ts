import { expect, test } from "vitest";
import { checkClaims } from "./check-claims.js";

const NOW = Date.UTC(2026, 10, 20, 12);
const at = (seconds: number) => NOW / 1000 + seconds;
const EXPECTED = { issuer: "https://issuer.example", audience: "https://a.convex.site", now: NOW };
const CLAIMS = {
  ...{ iss: EXPECTED.issuer, aud: EXPECTED.audience },
  ...{ jti: "token-1", iat: at(0), nbf: at(-600), exp: at(300) },
};

test.each<[string, Record<string, unknown>]>([
  ["as GitHub makes them", {}],
  ["that expired 59 s ago", { exp: at(-59) }],
  ["made 60 s ahead", { iat: at(60) }],
  ["good from 60 s ahead", { nbf: at(60) }],
  ["good for a day", { exp: at(86_400) }],
])("claims %s are good", (_, claims) => {
  expect(() => checkClaims({ ...CLAIMS, ...claims }, EXPECTED)).not.toThrow();
});

test.each<[string, Record<string, unknown>, string]>([
  ["expired 60 s ago", { exp: at(-60) }, "got 2026-11-20T11:59:00.000Z"],
  [
    "made 61 s ahead",
    { iat: at(61) },
    "expected iat before 2026-11-20T12:00:00.000Z with 60 s of tolerance, got 2026-11-20T12:01:01.000Z",
  ],
  ["good from 61 s ahead", { nbf: at(61) }, "expected nbf before"],
  ["of a time in text", { exp: "tomorrow" }, 'expected exp in seconds since epoch, got "tomorrow"'],
  ["of a time in ms", { exp: NOW }, "expected exp in seconds since epoch"],
  ["without an issuer", { iss: undefined }, 'expected iss "https://issuer.example", got none'],
  ["without a name of their own", { jti: undefined }, "expected jti, got none"],
  ["of an empty name", { jti: "" }, 'expected jti, got ""'],
  [
    "good for ten years",
    { exp: at(315_360_000) },
    "expected exp within a day of iat, by 2026-11-21T12:00:00.000Z, got 2036-11-17T12:00:00.000Z",
  ],
  ["for a longer audience", { aud: `${EXPECTED.audience}/` }, "expected aud"],
  ["for a list with the audience", { aud: [EXPECTED.audience] }, "got an array"],
])("claims %s are refused", (_, claims, sentence) => {
  try {
    checkClaims({ ...CLAIMS, ...claims }, EXPECTED);
    expect.fail("they were taken");
  } catch (error) {
    expect(error).toMatchObject({
      data: { code: "UNAUTHENTICATED", message: expect.stringContaining(sentence) },
    });
  }
});
