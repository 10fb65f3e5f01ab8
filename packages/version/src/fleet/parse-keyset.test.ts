import { describe, expect, test } from "vitest";
import { parseKeyset } from "./parse-keyset.js";
import { parseSignedKeyset, parseSignedRelease } from "./parse-signed-release.js";

const KEY = `${"A".repeat(42)}A=`;
const OTHER_KEY = `${"B".repeat(42)}A=`;
const KEYSET = {
  format: 1,
  version: 3,
  expiresAt: 1_798_761_600_000,
  releaseKeys: [KEY, OTHER_KEY],
  threshold: 2,
};
const SIGNATURE = { keyId: "0123456789abcdef", value: `${"A".repeat(85)}A==` };
const RELEASE = {
  manifest: "{}",
  signatures: [SIGNATURE],
  keyset: "{}",
  keysetSignatures: [SIGNATURE, { ...SIGNATURE, keyId: "fedcba9876543210" }],
};

describe("parseKeyset()", () => {
  test("gives every field of a keyset", () => {
    expect(parseKeyset(JSON.stringify(KEYSET))).toEqual(KEYSET);
  });

  test.each<[string, object, string]>([
    ["an unknown field", { ...KEYSET, roots: [] }, 'got "roots"'],
    ["no keys", { ...KEYSET, releaseKeys: [] }, "1 to 16"],
    ["too many keys", { ...KEYSET, releaseKeys: Array.from({ length: 17 }, () => KEY) }, "1 to 16"],
    ["a key twice", { ...KEYSET, releaseKeys: [KEY, KEY] }, "every entry once"],
    [
      "a key in another spelling",
      { ...KEYSET, releaseKeys: [`${"A".repeat(42)}B=`] },
      "44 characters",
    ],
    ["a key cut short", { ...KEYSET, releaseKeys: ["AAAA"] }, "44 characters"],
    ["a threshold of none", { ...KEYSET, threshold: 0 }, "from 1 to 2"],
    ["a threshold out of reach", { ...KEYSET, threshold: 3 }, "from 1 to 2"],
    ["version 0", { ...KEYSET, version: 0 }, '"version"'],
    ["a version that nothing can follow", { ...KEYSET, version: 2 ** 40 }, '"version"'],
  ])("refuses %s", (_, keyset, message) => {
    expect(() => parseKeyset(JSON.stringify(keyset))).toThrow(message);
  });
});

describe("parseSignedRelease()", () => {
  test("takes the object of the ledger and the text of the file", () => {
    expect(parseSignedRelease(RELEASE)).toEqual(RELEASE);
    expect(parseSignedRelease(JSON.stringify(RELEASE))).toEqual(RELEASE);
  });

  test("takes a release that nobody has signed", () => {
    const unsigned = { manifest: "{}", signatures: [], keyset: "", keysetSignatures: [] };
    expect(parseSignedRelease(unsigned)).toEqual(unsigned);
  });

  test.each<[string, unknown, string]>([
    ["nothing", null, "an object"],
    ["a manifest as object", { ...RELEASE, manifest: {} }, "a text"],
    ["no manifest", { ...RELEASE, manifest: "" }, "1 to 65536"],
    ["a manifest too long", { ...RELEASE, manifest: " ".repeat(65_537) }, "1 to 65536"],
    ["an unknown field", { ...RELEASE, trusted: true }, 'got "trusted"'],
    [
      "a key that signs twice",
      { ...RELEASE, signatures: [SIGNATURE, SIGNATURE] },
      "every key once",
    ],
    ["too many signatures", { ...RELEASE, signatures: Array(17).fill(SIGNATURE) }, "0 to 16"],
    [
      "a key id in capitals",
      { ...RELEASE, signatures: [{ ...SIGNATURE, keyId: "F".repeat(16) }] },
      "16 hex",
    ],
    [
      "a signature in another spelling",
      { ...RELEASE, signatures: [{ ...SIGNATURE, value: `${"A".repeat(85)}B==` }] },
      "88 characters",
    ],
    [
      "a field of a signature twice",
      '{"manifest":"{}","keyset":"","keysetSignatures":[],"signatures":[{"keyId":"a","keyId":"b"}]}',
      "twice",
    ],
  ])("refuses %s", (_, value, message) => {
    expect(() => parseSignedRelease(value)).toThrow(message);
  });
});

describe("parseSignedKeyset()", () => {
  test("gives keyset and signatures of a keyset file", () => {
    const file = { keyset: JSON.stringify(KEYSET), keysetSignatures: [SIGNATURE] };
    expect(parseSignedKeyset(JSON.stringify(file, null, 2))).toEqual(file);
    expect(() => parseSignedKeyset(JSON.stringify(KEYSET))).toThrow("keyset, keysetSignatures");
  });
});
