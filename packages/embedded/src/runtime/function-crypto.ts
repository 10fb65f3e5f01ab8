import * as node from "node:crypto";
import { types } from "node:util";
import { forbidInTransactions } from "./forbidden.js";
import { noteClock } from "./function-clock.js";

type Bytes = ArrayBuffer | NodeJS.ArrayBufferView;
type Algorithm = string | { readonly name: string; readonly [parameter: string]: unknown };

const { webcrypto } = node;

const HASHES: { readonly [name: string]: string } = {
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};

/**
 * What functions see as `crypto`.
 *
 * Node computes WebCrypto on other threads, so an answer comes a turn of the event loop later and
 * a query that waits for it may see two states of the database (it would be run again). Digests,
 * signatures and their verification are therefore computed at once; anything that this cannot do
 * falls through to Node's, which also makes the errors.
 */
export function functionCrypto(): object {
  const { subtle } = webcrypto;
  const inherited: PropertyDescriptorMap = {};
  for (const name of [
    "encrypt",
    "decrypt",
    "deriveBits",
    "deriveKey",
    "importKey",
    "exportKey",
    "wrapKey",
    "unwrapKey",
  ] as const) {
    inherited[name] = { value: subtle[name].bind(subtle), enumerable: true };
  }
  return {
    getRandomValues: (array: Uint8Array) => {
      noteClock();
      return webcrypto.getRandomValues(array);
    },
    randomUUID: () => {
      noteClock();
      return webcrypto.randomUUID();
    },
    subtle: Object.defineProperties(
      {
        digest: async (algorithm: Algorithm, data: Bytes) =>
          digestNow(algorithm, data) ?? subtle.digest(algorithm, data),
        sign: async (algorithm: Algorithm, key: node.webcrypto.CryptoKey, data: Bytes) =>
          signNow(algorithm, key, data) ?? subtle.sign(algorithm, key, data),
        verify: async (
          algorithm: Algorithm,
          key: node.webcrypto.CryptoKey,
          signature: Bytes,
          data: Bytes,
        ) =>
          verifyNow(algorithm, key, signature, data) ??
          subtle.verify(algorithm, key, signature, data),
        generateKey: async (...parameters: Parameters<typeof subtle.generateKey>) => {
          forbidInTransactions("crypto.subtle.generateKey");
          return subtle.generateKey(...parameters);
        },
      },
      inherited,
    ),
  };
}

/** Undefined, here and below, means: not something that can be computed at once. */
function digestNow(algorithm: Algorithm, data: Bytes): ArrayBuffer | undefined {
  const hash = hashName(algorithm);
  if (hash === undefined || !isBytes(data)) return undefined;
  return toArrayBuffer(node.createHash(hash).update(view(data)).digest());
}

function signNow(
  algorithm: Algorithm,
  key: node.webcrypto.CryptoKey,
  data: Bytes,
): ArrayBuffer | undefined {
  const method = methodFor(algorithm, key, "sign");
  if (method === undefined || !isBytes(data)) return undefined;
  const signature =
    method.kind === "mac"
      ? node.createHmac(method.hash, method.key).update(view(data)).digest()
      : node.sign(method.hash, view(data), method.key);
  return toArrayBuffer(signature);
}

function verifyNow(
  algorithm: Algorithm,
  key: node.webcrypto.CryptoKey,
  signature: Bytes,
  data: Bytes,
): boolean | undefined {
  const method = methodFor(algorithm, key, "verify");
  if (method === undefined || !isBytes(signature) || !isBytes(data)) return undefined;
  if (method.kind === "signature") {
    return node.verify(method.hash, view(data), method.key, view(signature));
  }
  const expected = node.createHmac(method.hash, method.key).update(view(data)).digest();
  const given = view(signature);
  return expected.length === given.length && node.timingSafeEqual(expected, given);
}

type Method =
  | { readonly kind: "mac"; readonly hash: string; readonly key: node.KeyObject }
  | {
      readonly kind: "signature";
      readonly hash: string | null;
      readonly key: node.SignKeyObjectInput & node.VerifyKeyObjectInput;
    };

/** How to sign with the key, if it is one for that algorithm and that use. */
function methodFor(
  algorithm: Algorithm,
  cryptoKey: node.webcrypto.CryptoKey,
  use: "sign" | "verify",
): Method | undefined {
  const parameters = typeof algorithm === "string" ? { name: algorithm } : algorithm;
  const isUsable =
    types.isCryptoKey(cryptoKey) &&
    cryptoKey.usages.includes(use) &&
    cryptoKey.algorithm.name.toLowerCase() === String(parameters?.name).toLowerCase();
  if (!isUsable) return undefined;
  const key = node.KeyObject.from(cryptoKey);
  const ofKey = "hash" in cryptoKey.algorithm ? hashName(cryptoKey.algorithm.hash) : undefined;

  switch (cryptoKey.algorithm.name) {
    case "HMAC":
      return ofKey === undefined ? undefined : { kind: "mac", hash: ofKey, key };
    case "RSASSA-PKCS1-v1_5":
      return ofKey === undefined ? undefined : { kind: "signature", hash: ofKey, key: { key } };
    case "RSA-PSS": {
      const saltLength = "saltLength" in parameters ? parameters.saltLength : undefined;
      if (ofKey === undefined || typeof saltLength !== "number") return undefined;
      const padding = node.constants.RSA_PKCS1_PSS_PADDING;
      return { kind: "signature", hash: ofKey, key: { key, padding, saltLength } };
    }
    case "ECDSA": {
      const hash = "hash" in parameters ? hashName(parameters.hash) : undefined;
      if (hash === undefined) return undefined;
      return { kind: "signature", hash, key: { key, dsaEncoding: "ieee-p1363" } };
    }
    case "Ed25519":
      return { kind: "signature", hash: null, key: { key } };
    default:
      return undefined;
  }
}

function hashName(algorithm: unknown): string | undefined {
  const name =
    typeof algorithm === "object" && algorithm !== null && "name" in algorithm
      ? algorithm.name
      : algorithm;
  return typeof name === "string" ? HASHES[name.toUpperCase()] : undefined;
}

function isBytes(data: unknown): data is Bytes {
  return data instanceof ArrayBuffer || ArrayBuffer.isView(data);
}

function view(data: Bytes): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
