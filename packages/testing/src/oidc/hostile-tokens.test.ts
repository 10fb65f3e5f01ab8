/** Tokens that must change nothing, against the embedded server's own HTTP action. */
import { createHmac, generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TokenParts } from "./issuer.js";
import { RUN_SHA } from "./issuer.js";
import { OidcRig } from "./rig.js";

let rig: OidcRig;
beforeAll(async () => {
  rig = await OidcRig.start();
  await rig.client.setVariable(
    "TIDELINE_GITHUB_TRUST",
    JSON.stringify([
      {
        ...{ repository_id: 1001, repository_owner_id: 2002 },
        ...{ ref: "refs/heads/main", environment: "production" },
      },
    ]),
  );
});
afterAll(() => rig.close());

const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow;
/** What the good token has beside the issuer's usual claims. */
const GOOD = { environment: "production" };
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });

test("the good token records", async () => {
  const target = rig.target();
  const answer = await rig.post(rig.finish(target), { claims: GOOD });
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      ok: true,
      deploymentId: expect.any(String),
      kind: "deploy",
      buildId: "build-a",
      epoch: 1,
      alreadyRecorded: false,
    },
  ]);
  expect((await target.history()).page).toMatchObject([
    {
      gitCommit: RUN_SHA,
      recordedBy: "github:acme/shop",
      runUrl: `${rig.issuer.url}/acme/shop/actions/runs/31337/attempts/1`,
    },
  ]);
});

/** What differs from the good token, and what is said of it. */
const HOSTILE: readonly [string, () => TokenParts, number, string, string][] = [
  [
    "another audience",
    () => ({ claims: { aud: "https://github.com/acme" } }),
    401,
    "UNAUTHENTICATED",
    'got "https://github.com/acme"',
  ],
  [
    "several audiences",
    () => ({ claims: { aud: [rig.issuer.audience, "https://other.example"] } }),
    401,
    "UNAUTHENTICATED",
    "expected aud",
  ],
  [
    "another issuer",
    () => ({ claims: { iss: "https://token.actions.githubusercontent.com" } }),
    401,
    "UNAUTHENTICATED",
    'got "https://token.actions.githubusercontent.com"',
  ],
  [
    "a key that the issuer does not have",
    () => ({ header: { kid: "stranger" } }),
    401,
    "UNAUTHENTICATED",
    'got "stranger"',
  ],
  ["no kid", () => ({ header: { kid: undefined } }), 401, "UNAUTHENTICATED", "expected kid"],
  [
    "a stranger's signature under the issuer's kid",
    () => ({ sign: (input) => rig.issuer.sign(input, stranger.privateKey) }),
    401,
    "UNAUTHENTICATED",
    "expected a token signed by the key",
  ],
  [
    "the alg none",
    () => ({ header: { alg: "none" }, sign: () => Buffer.alloc(0) }),
    401,
    "UNAUTHENTICATED",
    'expected alg "RS256", got "none"',
  ],
  [
    "HS256 with the public key as its secret",
    () => ({
      header: { alg: "HS256" },
      sign: (input) =>
        createHmac("sha256", rig.issuer.key.publicKey.export({ type: "spki", format: "pem" }))
          .update(input)
          .digest(),
    }),
    401,
    "UNAUTHENTICATED",
    'expected alg "RS256", got "HS256"',
  ],
  [
    "a time that is over",
    () => ({ claims: { exp: seconds(-61) } }),
    401,
    "UNAUTHENTICATED",
    "expected exp after",
  ],
  [
    "an iat more than a minute ahead",
    () => ({ claims: { iat: seconds(65) } }),
    401,
    "UNAUTHENTICATED",
    "expected iat before",
  ],
  [
    "an nbf more than a minute ahead",
    () => ({ claims: { nbf: seconds(65) } }),
    401,
    "UNAUTHENTICATED",
    "expected nbf before",
  ],
  [
    "all its times an hour ahead",
    () => ({ claims: { iat: seconds(3600), nbf: seconds(3000), exp: seconds(3900) } }),
    401,
    "UNAUTHENTICATED",
    "expected iat before",
  ],
  [
    "all its times an hour back",
    () => ({ claims: { iat: seconds(-3600), nbf: seconds(-4200), exp: seconds(-3300) } }),
    401,
    "UNAUTHENTICATED",
    "expected exp after",
  ],
  ["no exp", () => ({ claims: { exp: undefined } }), 401, "UNAUTHENTICATED", "expected exp"],
  ["no jti", () => ({ claims: { jti: undefined } }), 401, "UNAUTHENTICATED", "jti"],
  [
    "another repository_id under the same name",
    () => ({ claims: { repository_id: "1002" } }),
    403,
    "NOT_TRUSTED",
    'got "1002" and "2002"',
  ],
  [
    "another owner's id under the same name",
    () => ({ claims: { repository_owner_id: "2003" } }),
    403,
    "NOT_TRUSTED",
    'got "1001" and "2003"',
  ],
  ...["pull_request", "pull_request_target", "schedule"].map(
    (event_name): (typeof HOSTILE)[number] => [
      `the event ${event_name}`,
      () => ({ claims: { event_name } }),
      403,
      "NOT_TRUSTED",
      `expected event_name "push", "workflow_dispatch", "release", got "${event_name}"`,
    ],
  ),
  [
    "another environment",
    () => ({ claims: { environment: "staging" } }),
    403,
    "NOT_TRUSTED",
    'expected environment "production", got "staging"',
  ],
  [
    "no environment",
    () => ({ claims: { environment: undefined } }),
    403,
    "NOT_TRUSTED",
    'expected environment "production", got none',
  ],
  [
    "another branch",
    () => ({ claims: { ref: "refs/heads/main2" } }),
    403,
    "NOT_TRUSTED",
    'expected ref "refs/heads/main", got "refs/heads/main2"',
  ],
  [
    "another commit than the one that is recorded",
    () => ({ claims: { sha: "f".repeat(40) } }),
    403,
    "NOT_TRUSTED",
    `expected gitCommit "${"f".repeat(40)}", which it runs on, got "${RUN_SHA}"`,
  ],
];

describe("a token with", () => {
  test.each(HOSTILE)("%s is refused and leaves nothing", async (_, parts, status, code, words) => {
    const target = rig.target();
    const { claims = {}, ...rest } = parts();
    const token = rig.issuer.token({ ...rest, claims: { ...GOOD, ...claims } });
    const answer = await rig.post(rig.finish(target), token);
    expect([answer.status, answer.body]).toEqual([status, { code, message: expect.any(String) }]);
    expect(answer.body.message).toContain(words);
    expect(answer.body.message).toMatch(/^Cannot /);
    for (const part of token.split(".")) {
      if (part !== "") expect(answer.body.message).not.toContain(part);
    }
    expect(answer.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);
    expect(await target.story()).toEqual([]);
    expect(await target.latest()).toBeNull();
  });
});

test("a token that was used is refused when it comes again", async () => {
  const target = rig.target();
  const token = rig.issuer.token({ claims: GOOD });
  expect((await rig.post(rig.finish(target), token)).status).toBe(200);
  const other = rig.target();
  const again = await rig.post(rig.finish(other), token);
  expect([again.status, again.body.code]).toEqual([401, "UNAUTHENTICATED"]);
  expect(again.body.message).toContain("expected one that was not used before");
  expect(await other.story()).toEqual([]);
  expect(await target.story()).toEqual(["a deploy live @1"]);
});

test("of one token that comes sixteen times at once exactly one records", async () => {
  const token = rig.issuer.token({ claims: GOOD });
  const targets = Array.from({ length: 16 }, () => rig.target());
  const answers = await Promise.all(targets.map((target) => rig.post(rig.finish(target), token)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ body }) => body.code === "UNAUTHENTICATED")).toHaveLength(15);
  const stories = await Promise.all(targets.map((target) => target.story()));
  expect(stories.flat()).toEqual(["a deploy live @1"]);
});

test.each([
  ["cut off", (token: string) => token.slice(0, -4)],
  ["with another payload", (token: string) => token.replace(/\.[^.]+\./, ".e30.")],
  ["with a payload that is no JSON", (token: string) => token.replace(/\.[^.]+\./, ".bm9wZQ.")],
  ["without its signature", (token: string) => token.replace(/[^.]+$/, "")],
])("a good token %s is refused", async (_, damage) => {
  const target = rig.target();
  const answer = await rig.post(rig.finish(target), damage(rig.issuer.token({ claims: GOOD })));
  expect([answer.status, answer.body.code]).toEqual([401, "UNAUTHENTICATED"]);
  expect(await target.story()).toEqual([]);
});
