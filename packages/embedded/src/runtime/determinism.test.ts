import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestRuntime, type TestRuntime } from "./test-runtime.js";

let now = 1_700_000_000_000;
let t: TestRuntime;
beforeAll(async () => {
  t = await openTestRuntime(
    {
      "clock.ts": `
        const loadedAt = Date.now();
        export const times = query({ handler: async (ctx) => {
          const first = [Date.now(), new Date().getTime(), +new Date(Date.now()), performance.now()];
          await ctx.db.query("rows").collect();
          return [first, [Date.now(), new Date().getTime(), +new Date(Date.now()), performance.now()]];
        } });
        export const dates = query({ handler: async () => {
          class Later extends Date { constructor() { super(5); } }
          return [new Date(0) instanceof Date, new Date(0).toISOString(), Date.UTC(2020, 0), new Date("2020-01-01").getTime(), typeof Date(), new Later().getTime(), new Date().constructor === Date.prototype.constructor, loadedAt];
        } });
        export const inAction = action({ handler: async () => { const before = Date.now(); await fetch("data:,x"); return Date.now() - before; } });
        export const random = query({ handler: async () => [Math.random(), crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(4)).length, Math.max(1, 2), Math.PI > 3] });
        export const pure = query({ handler: async () => Math.max(new Date(5).getTime(), 3) });`,
      "refused.ts": `
        const attempts = {
          fetch: () => fetch("data:,x"),
          viaGlobalThis: () => globalThis.fetch("data:,x"),
          setTimeout: () => setTimeout(() => {}, 0),
          setInterval: () => setInterval(() => {}, 1000),
          generateKey: () => crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]),
          import: () => { const name = "node:fs"; return import(name); },
          importFile: async () => (await import("./imported")).loaded === 1 || import("./missing-default"),
        };
        const attempt = async (ctx, { name }) => { try { await attempts[name](); return "allowed"; } catch (error) { return error.message; } };
        export const inQuery = query({ args: { name: v.string() }, handler: attempt });
        export const inMutation = mutation({ args: { name: v.string() }, handler: attempt });
        export const inAction = action({ args: { name: v.string() }, handler: attempt });
        export const missing = query({ handler: async () => [typeof WeakRef, typeof FinalizationRegistry, typeof Buffer, typeof require, typeof setImmediate, typeof globalThis.Buffer, typeof process.exit, typeof AsyncLocalStorage] });`,
      "imported.ts":
        "globalThis.loads = (globalThis.loads ?? 0) + 1; export const loaded = globalThis.loads;",
      "missing-default.ts": "export const x = 1;",
      "cryptography.ts": `
        const text = new TextEncoder();
        const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        export const digest = query({ handler: async () => {
          const buffer = await crypto.subtle.digest("SHA-256", text.encode("abc"));
          return [buffer instanceof ArrayBuffer, hex(buffer), hex(await crypto.subtle.digest({ name: "sha-1" }, text.encode("abc").buffer))];
        } });
        export const hmac = query({ handler: async () => {
          const key = await crypto.subtle.importKey("raw", text.encode("key"), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
          const data = text.encode("The quick brown fox jumps over the lazy dog");
          const signature = await crypto.subtle.sign("HMAC", key, data);
          return [hex(signature), await crypto.subtle.verify("HMAC", key, signature, data), await crypto.subtle.verify("HMAC", key, signature, text.encode("other"))];
        } });
        const roundTrips = {
          rsa: [{ name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, "RSASSA-PKCS1-v1_5"],
          pss: [{ name: "RSA-PSS", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, { name: "RSA-PSS", saltLength: 32 }],
          ecdsa: [{ name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }],
          ed25519: [{ name: "Ed25519" }, "Ed25519"],
        };
        export const keys = action({ args: { name: v.string() }, handler: async (ctx, { name }) => {
          const { publicKey, privateKey } = await crypto.subtle.generateKey(roundTrips[name][0], true, ["sign", "verify"]);
          return [await crypto.subtle.exportKey("jwk", publicKey), await crypto.subtle.exportKey("jwk", privateKey)].map((jwk) => JSON.stringify(jwk));
        } });
        export const roundTrip = query({ args: { name: v.string(), keys: v.array(v.string()) }, handler: async (ctx, { name, keys }) => {
          const [generate, algorithm] = roundTrips[name];
          const [publicKey, privateKey] = await Promise.all(keys.map((jwk, i) => crypto.subtle.importKey("jwk", JSON.parse(jwk), generate, true, [i === 0 ? "verify" : "sign"])));
          const signature = await crypto.subtle.sign(algorithm, privateKey, text.encode("abc"));
          return [await crypto.subtle.verify(algorithm, publicKey, signature, text.encode("abc")), await crypto.subtle.verify(algorithm, publicKey, signature, text.encode("abd"))];
        } });
        export const wrongUse = query({ handler: async () => {
          const key = await crypto.subtle.importKey("raw", text.encode("key"), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
          try { await crypto.subtle.sign("HMAC", key, text.encode("x")); } catch (error) { return error.name; }
        } });`,
    },
    { now: () => now++ },
  );
});
afterAll(() => t.close());

async function value(outcome: Promise<object>): Promise<unknown> {
  const settled = (await outcome) as { value?: string; errorMessage?: string };
  if (settled.value === undefined) throw new Error(settled.errorMessage);
  return JSON.parse(settled.value);
}

test("the clock stands still during a query, and reading it is noted", async () => {
  const outcome = await t.query("clock:times");
  expect(outcome).toMatchObject({ ok: true, usedClock: true });
  const [first, second] = (await value(Promise.resolve(outcome))) as number[][];
  expect(first?.[0]).toBe(first?.[1]);
  expect(first?.[0]).toBe(first?.[2]);
  expect(second).toEqual(first);
});

test("the clock runs in an action", async () => {
  expect(await value(t.action("clock:inAction"))).toBeGreaterThan(0);
});

test("Date is otherwise the Date that everybody knows", async () => {
  expect(await value(t.query("clock:dates"))).toEqual([
    true,
    "1970-01-01T00:00:00.000Z",
    1577836800000,
    1577836800000,
    "string",
    5,
    true,
    expect.any(Number),
  ]);
});

test("random numbers count as use of the clock, other mathematics does not", async () => {
  const random = await t.query("clock:random");
  expect(random).toMatchObject({ usedClock: true });
  expect(await value(Promise.resolve(random))).toEqual([
    expect.any(Number),
    expect.stringMatching(/^[0-9a-f-]{36}$/),
    4,
    2,
    true,
  ]);
  expect(await t.query("clock:pure")).toMatchObject({ ok: true, usedClock: false });
});

const REFUSAL =
  "in queries and mutations. Please consider using an action. See https://docs.convex.dev/functions/actions for more details.";
test.each([
  ["fetch", `Can't use fetch() ${REFUSAL}`],
  ["viaGlobalThis", `Can't use fetch() ${REFUSAL}`],
  ["setTimeout", `Can't use setTimeout ${REFUSAL}`],
  ["setInterval", `Can't use setInterval ${REFUSAL}`],
  ["generateKey", `Can't use crypto.subtle.generateKey ${REFUSAL}`],
  ["import", `Can't dynamically import "node:fs" in a query or mutation`],
  ["importFile", `Can't dynamically import "./imported" in a query or mutation`],
])("%s is refused in queries and mutations", async (name, message) => {
  expect(await value(t.query("refused:inQuery", { name }))).toBe(message);
  expect(await value(t.mutation("refused:inMutation", { name }))).toBe(message);
});

test.each(["fetch", "setTimeout", "generateKey", "importFile"])(
  "%s is allowed in actions",
  async (name) => {
    expect(await value(t.action("refused:inAction", { name }))).toBe("allowed");
  },
);

test("what the cloud's runtime does not have is not there", async () => {
  expect(await value(t.query("refused:missing"))).toEqual([
    "undefined",
    "undefined",
    "undefined",
    "function",
    "undefined",
    "undefined",
    "undefined",
    "function",
  ]);
});

test("digests and HMACs are those of the standard", async () => {
  expect(await value(t.query("cryptography:digest"))).toEqual([
    true,
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "a9993e364706816aba3e25717850c26c9cd0d89d",
  ]);
  expect(await value(t.query("cryptography:hmac"))).toEqual([
    "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
    true,
    false,
  ]);
});

test.each(["rsa", "pss", "ecdsa", "ed25519"])(
  "%s signatures verify, and only over the same data",
  async (name) => {
    const keys = (await value(t.action("cryptography:keys", { name }))) as string[];
    expect(await value(t.query("cryptography:roundTrip", { name, keys }))).toEqual([true, false]);
  },
);

test("a query that digests and verifies ends in the macrotask it began in", async () => {
  const name = "rsa";
  const keys = (await value(t.action("cryptography:keys", { name }))) as string[];
  for (const query of [
    t.query("cryptography:hmac"),
    t.query("cryptography:roundTrip", { name, keys }),
  ]) {
    const first = await Promise.race([
      query,
      new Promise((resolve) => setImmediate(resolve, "later")),
    ]);
    expect(first).toMatchObject({ ok: true });
  }
});

test("a key that may not sign makes the standard's error", async () => {
  expect(await value(t.query("cryptography:wrongUse"))).toBe("InvalidAccessError");
});
