/** Where the issuer's keys come from, and how often it is asked for them. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { CONVEX_WITH_CLOCK, OidcRig } from "./rig.js";

let rig: OidcRig;
beforeEach(async () => {
  rig = await OidcRig.start(CONVEX_WITH_CLOCK);
});
afterEach(() => rig.close());

const MINUTE = 60_000;
const record = (parts: Parameters<OidcRig["post"]>[1] = {}) =>
  rig.post(rig.finish(rig.target()), parts);
const away = () => ({ status: 502, body: "Bad gateway" });

test("jobs that start at once on a fresh deployment are all served by one fetch", async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => record()));
  expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
  expect(rig.issuer.fetches).toBe(1);
});

test("keys that are known are not fetched again within the hour", async () => {
  await record();
  await rig.age(59 * MINUTE);
  for (let i = 0; i < 5; i++) expect((await record()).status).toBe(200);
  expect(rig.issuer.fetches).toBe(1);
});

test("a new key is fetched once when the first token comes that is signed by it", async () => {
  await record();
  rig.issuer.rotate();
  await rig.age(MINUTE);
  expect((await record()).status).toBe(200);
  expect((await record()).status).toBe(200);
  expect(rig.issuer.fetches).toBe(2);
});

test("a key that the issuer withdrew is good for an hour at most", async () => {
  await record();
  const old = rig.issuer.key;
  rig.issuer.rotate();
  rig.issuer.withdraw();
  const signed = () => ({
    header: { kid: old.kid },
    sign: (input: string) => rig.issuer.sign(input, old.privateKey),
  });
  expect((await record(signed())).status).toBe(200);
  await rig.age(61 * MINUTE);
  const refused = await record(signed());
  expect([refused.status, refused.body.code]).toEqual([401, "UNAUTHENTICATED"]);
});

test("a flood of unknown key names makes one fetch in 30 s, and good tokens pass meanwhile", async () => {
  await record();
  const flood = async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => record({ header: { kid: `flood-${i}` } })),
    );
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
      new Set(["401 UNAUTHENTICATED"]),
    );
  };
  await flood();
  expect(rig.issuer.fetches).toBe(1);
  await rig.age(31_000);
  await flood();
  expect(rig.issuer.fetches).toBe(2);
  expect((await record()).status).toBe(200);
  expect(rig.issuer.fetches).toBe(2);
});

test("tokens that are not for this deployment make nobody fetch", async () => {
  await record({ claims: { aud: "another" }, header: { kid: "x" } });
  await record({ claims: { iss: "https://issuer.example" }, header: { kid: "x" } });
  await record({ header: { kid: "x", alg: "HS256" } });
  await record({ claims: { exp: 1 }, header: { kid: "x" } });
  expect(rig.issuer.fetches).toBe(0);
});

test("while the issuer is away, a fresh deployment answers 503 and asks again after 30 s", async () => {
  rig.issuer.answer = away;
  const first = await record();
  expect([first.status, first.body.code]).toEqual([503, "ISSUER_UNAVAILABLE"]);
  expect(first.headers.get("retry-after")).toBe("30");
  expect(first.body.message).toContain(`${rig.issuer.url}/.well-known/jwks`);
  rig.issuer.answer = null;
  expect((await record()).status).toBe(503);
  expect(rig.issuer.fetches).toBe(1);
  await rig.age(31_000);
  expect((await record()).status).toBe(200);
});

test("while the issuer is away, keys that were known are good for the rest of a day", async () => {
  await record();
  rig.issuer.answer = away;
  await rig.age(23 * 60 * MINUTE);
  expect((await record()).status).toBe(200);
  await rig.age(2 * 60 * MINUTE);
  expect((await record()).body.code).toBe("ISSUER_UNAVAILABLE");
});

test.each<[string, { status: number; body: string; location?: string }]>([
  ["no JSON", { status: 200, body: "<html>" }],
  ["no keys", { status: 200, body: '{"keys": []}' }],
  ["keys of another kind", { status: 200, body: '{"keys": [{"kty": "EC", "kid": "key"}]}' }],
  ["a set that is too large", { status: 200, body: " ".repeat(300_000) }],
  ["a redirect", { status: 302, body: "", location: "/elsewhere" }],
])("%s is no answer, and the keys of before stay", async (_, answer) => {
  await record();
  rig.issuer.answer = () => answer;
  await rig.age(61 * MINUTE);
  expect((await record()).status).toBe(200);
  expect(rig.issuer.fetches).toBe(2);
  expect((await record({ header: { kid: "unknown" } })).body.code).toBe("ISSUER_UNAVAILABLE");
});
