import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import examples from "@octokit/webhooks-examples";
import { describe, expect, test } from "vitest";
import { verifyWebhook } from "./verify-webhook.js";

const SECRET = "it is a secret to everybody";
const utf8 = (text: string) => new TextEncoder().encode(text);
const sign = (bytes: Uint8Array, secret = SECRET, algorithm = "sha256") =>
  `${algorithm}=${createHmac(algorithm, secret).update(bytes).digest("hex")}`;

describe("verifyWebhook()", () => {
  test("knows the example of GitHub's documentation", async () => {
    const header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    expect(await verifyWebhook(utf8("Hello, World!"), header, ["It's a Secret to Everybody"])).toBe(
      true,
    );
  });

  test("agrees with openssl", async () => {
    const body = utf8('{"ref":"refs/tags/v2.10.25"}');
    const printed = execFileSync("openssl", ["dgst", "-sha256", "-hmac", SECRET, "-r"], {
      input: body,
      encoding: "utf8",
    });
    expect(await verifyWebhook(body, `sha256=${printed.slice(0, 64)}`, [SECRET])).toBe(true);
  });

  test.each<[string, Uint8Array]>([
    ["escapes", utf8('{"a":"\\u00e9\\/"}')],
    ["1.0", utf8('{"a":1.0}')],
    ["equal keys", utf8('{"a":1,"a":2}')],
    ["bytes that are no UTF-8", Uint8Array.of(0x7b, 0xff, 0xfe, 0x00, 0x7d)],
    ["nothing", new Uint8Array()],
  ])("takes a body with %s as it came", async (_, body) => {
    expect(await verifyWebhook(body, sign(body), [SECRET])).toBe(true);
  });

  test("takes every payload of GitHub's examples, and none that was written anew", async () => {
    const payloads = examples.flatMap(({ examples: list }) => list.slice(0, 1));
    expect(payloads.length).toBeGreaterThan(40);
    for (const payload of payloads) {
      const sent = utf8(JSON.stringify(payload, null, 2));
      const relayed = utf8(JSON.stringify(JSON.parse(new TextDecoder().decode(sent))));
      expect(await verifyWebhook(sent, sign(sent), [SECRET])).toBe(true);
      expect(await verifyWebhook(relayed, sign(sent), [SECRET])).toBe(false);
    }
  });

  test("either of two live secrets will do, and one that was retired will not", async () => {
    const body = utf8("{}");
    expect(await verifyWebhook(body, sign(body, "new"), ["old", "new"])).toBe(true);
    expect(await verifyWebhook(body, sign(body, "old"), ["old", "new"])).toBe(true);
    expect(await verifyWebhook(body, sign(body, "older"), ["old", "new"])).toBe(false);
  });

  test.each<[string, string | null | undefined]>([
    ["no header", null],
    ["an absent header", undefined],
    ["an empty header", ""],
    ["SHA-1", sign(utf8("{}"), SECRET, "sha1")],
    ["another secret", sign(utf8("{}"), "guess")],
    ["another body", sign(utf8("{ }"))],
    ["hex alone", sign(utf8("{}")).slice(7)],
    ["a digit less", sign(utf8("{}")).slice(0, -1)],
    ["a digit more", `${sign(utf8("{}"))}0`],
    ["two headers in one", `${sign(utf8("{}"))}, ${sign(utf8("{}"))}`],
  ])("refuses %s", async (_, header) => {
    expect(await verifyWebhook(utf8("{}"), header, [SECRET])).toBe(false);
  });

  test("no secret, or an empty one, lets nobody in", async () => {
    const body = utf8("{}");
    expect(await verifyWebhook(body, sign(body, ""), [])).toBe(false);
    expect(await verifyWebhook(body, sign(body, ""), [""])).toBe(false);
  });
});
