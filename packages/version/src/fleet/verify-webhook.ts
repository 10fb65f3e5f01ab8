import { type Bytes, utf8, webCrypto } from "./web-crypto.js";

/**
 * Says whether a webhook's sender knows one of the subsystem's secrets.
 *
 * The signature covers the body as it came: a body that was parsed and written again, as some
 * relays do, no longer matches. Compared in constant time; each secret costs the same whether or
 * not one before it matched. The SHA-1 header of old is not looked at.
 *
 * @param bytes The body, untouched.
 * @param header The value of `X-Hub-Signature-256` (`sha256=` and 64 hex digits), or null.
 * @param secrets The live ones; two while one replaces the other. An empty one is no secret.
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export async function verifyWebhook(
  bytes: Uint8Array,
  header: string | null | undefined,
  secrets: readonly string[],
): Promise<boolean> {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(header ?? "")?.[1];
  if (hex === undefined) return false;
  const signature = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const data = new Uint8Array(bytes);
  const answers = await Promise.all(
    secrets.filter((secret) => secret !== "").map((secret) => matches(secret, signature, data)),
  );
  return answers.includes(true);
}

async function matches(secret: string, signature: Bytes, data: Bytes): Promise<boolean> {
  const key = await webCrypto().importKey(
    "raw",
    utf8(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  return webCrypto().verify("HMAC", key, signature, data);
}
