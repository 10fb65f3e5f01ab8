import { describe, expect, test } from "vitest";
import { parseReleaseManifest } from "./parse-release-manifest.js";

const SHA = "a".repeat(64);
const OTHER_SHA = "b".repeat(64);

const ARTIFACT = {
  urls: ["https://releases.example/acme/binaries/nats-2.10.25-linux-x64-glibc.tar.gz"],
  size: 6_000_000,
  sha256: SHA,
  format: "tar.gz",
  member: "nats-server-v2.10.25/nats-server",
  binary: { size: 21_000_000, sha256: OTHER_SHA },
};

const MANIFEST = {
  format: 1,
  subsystem: "nats",
  seq: 7,
  version: "2.10.25",
  updateClass: "patch",
  isCritical: false,
  upstream: {
    url: "https://github.com/nats-io/nats-server",
    tag: "v2.10.25",
    oid: "1d6f7ea5ee1e5d1b5a3a1f1a2b6b4c8d9e0f1a2b",
  },
  createdAt: 1_767_225_600_000,
  expiresAt: 1_798_761_600_000,
  minSync: "0.1.0",
  reverts: null,
  revoked: [],
  dataRollback: "safe",
  artifacts: { "linux-x64-glibc": ARTIFACT },
};

/** The manifest with one value changed: `set("artifacts.linux-x64-glibc.size", 0)`. */
function set(path: string, value: unknown): string {
  const copy = structuredClone(MANIFEST) as Record<string, unknown>;
  const keys = path.split("/");
  const last = keys.pop() ?? "";
  let place = copy;
  for (const key of keys) place = place[key] as Record<string, unknown>;
  if (value === undefined) delete place[last];
  else Object.defineProperty(place, last, { value, enumerable: true });
  return JSON.stringify(copy);
}

const withArtifact = (changes: object) =>
  set("artifacts", { "linux-x64-glibc": { ...ARTIFACT, ...changes } });

describe("parseReleaseManifest()", () => {
  test("gives every field of a manifest, however it is laid out", () => {
    expect(parseReleaseManifest(JSON.stringify(MANIFEST))).toEqual(MANIFEST);
    expect(parseReleaseManifest(JSON.stringify(MANIFEST, null, 2))).toEqual(MANIFEST);
  });

  test.each([
    ["a revert", set("reverts", 5)],
    ["no upstream", set("upstream", null)],
    ["no tag", set("upstream/tag", null)],
    ["a host on this machine", withArtifact({ urls: ["http://127.0.0.1:8080/nats.tar.gz"] })],
    ["two mirrors", withArtifact({ urls: ["https://a.example/n", "https://b.example/n"] })],
    [
      "a file that is the binary",
      withArtifact({ format: "raw", member: null, binary: { size: 6_000_000, sha256: SHA } }),
    ],
    ["a gz", withArtifact({ format: "gz", member: null })],
  ])("takes %s", (_, text) => {
    expect(parseReleaseManifest(text)).toEqual(JSON.parse(text));
  });

  test.each<[string, string, string]>([
    ["no JSON", "{", "expected JSON"],
    ["another kind of JSON", "[]", "expected an object"],
    ["a missing field", set("minSync", undefined), 'expected a value at "minSync"'],
    ["an unknown field", set("sudo", true), 'got "sudo"'],
    ["an unknown field further in", withArtifact({ mode: 0o4755 }), 'got "mode"'],
    ["another format", set("format", 2), 'expected 1 at "format"'],
    ["a format as text", set("format", "1"), 'expected 1 at "format"'],
    ["no seq", set("seq", 0), "from 1 to 2147483647"],
    ["half a seq", set("seq", 7.5), "whole number"],
    ["a seq as text", set("seq", "7"), "expected a number"],
    ["a seq that nothing can follow", set("seq", 2 ** 53), "from 1 to 2147483647"],
    ["a negative zero", JSON.stringify(MANIFEST).replace('"seq":7', '"seq":-0'), "whole number"],
    ["a path as name", set("subsystem", "../nats"), "name of a subsystem"],
    ["a name with a Cyrillic letter", set("subsystem", "n\u0430ts"), "name of a subsystem"],
    ["a name in capitals", set("subsystem", "NATS"), "name of a subsystem"],
    ["the name of a property", set("subsystem", "constructor"), "name of a subsystem"],
    ["a version with a line break", set("version", "2.10.25\n"), "expected a version"],
    ["a version with full-width digits", set("version", "\uff12.10.25"), "expected a version"],
    ["a version that is a path", set("version", "1/../../x"), "expected a version"],
    ["an update class of no kind", set("updateClass", "none"), '"major" or "minor" or "patch"'],
    ["a flag as number", set("isCritical", 1), "true or false"],
    ["an end before the beginning", set("expiresAt", 1), "expiresAt"],
    ["an end beyond all time", set("expiresAt", 9e15), "expiresAt"],
    ["a sync of no version", set("minSync", "latest"), "semantic version"],
    ["a revert to itself", set("reverts", 7), "from 1 to 6"],
    ["a revert to what is to come", set("reverts", 8), "from 1 to 6"],
    ["a sha256 in capitals", set("revoked", ["A".repeat(64)]), "sha256"],
    ["a sha256 twice", set("revoked", [SHA, SHA]), "every entry once"],
    ["a revoked binary of its own", set("revoked", [OTHER_SHA]), "no binary of this very release"],
    [
      "too many revoked",
      set(
        "revoked",
        Array.from({ length: 257 }, () => SHA),
      ),
      "0 to 256",
    ],
    ["an upstream over ssh", set("upstream/url", "git@github.com:nats-io/x"), "https:"],
    ["a short commit", set("upstream/oid", "1d6f7ea"), "40 or 64"],
    ["a tag with ..", set("upstream/tag", "v1..2"), "a tag"],
    ["no artifact", set("artifacts", {}), "1 to 64 platforms"],
    ["artifacts as a list", set("artifacts", [ARTIFACT]), "expected an object"],
    ["a platform of no kind", set("artifacts", { "linux-x64": ARTIFACT }), "platforms as keys"],
    ["the platform toString", set("artifacts", { toString: ARTIFACT }), "platforms as keys"],
    ["an http address", withArtifact({ urls: ["http://releases.example/n"] }), "https:"],
    ["an address with a password", withArtifact({ urls: ["https://a:b@c.example/n"] }), "https:"],
    [
      "an address that only begins well",
      withArtifact({ urls: ["http://127.0.0.1.evil.example/"] }),
      "https:",
    ],
    [
      "an address with a backslash",
      withArtifact({ urls: ["https://a.example\\@evil/n"] }),
      "https:",
    ],
    ["a file address", withArtifact({ urls: ["file:///etc/passwd"] }), "https:"],
    ["no address", withArtifact({ urls: [] }), "1 to 8"],
    ["an empty file", withArtifact({ size: 0 }), "whole number"],
    ["an endless file", withArtifact({ size: 2 ** 33 }), "whole number"],
    ["an endless binary", withArtifact({ binary: { size: 2 ** 33, sha256: SHA } }), "whole number"],
    ["a short sha256", withArtifact({ sha256: "abc" }), "64 hex digits"],
    ["another packing", withArtifact({ format: "tar.xz" }), '"tar.gz"'],
    ["an archive without a member", withArtifact({ member: null }), "a name"],
    ["a member outside", withArtifact({ member: "../../etc/cron.d/x" }), "name of a file"],
    ["an absolute member", withArtifact({ member: "/etc/passwd" }), "name of a file"],
    ["a member with a backslash", withArtifact({ member: "a\\b" }), "name of a file"],
    ["a member of a gz", withArtifact({ format: "gz" }), 'null with "gz"'],
    [
      "a raw file that is another",
      withArtifact({ format: "raw", member: null }),
      "the file itself",
    ],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseReleaseManifest(text)).toThrow(message);
  });

  test.each([
    ["a key twice", '{"seq":7,', '{"seq":7,"seq":8,'],
    ["a key twice in two spellings", '{"seq":7,', '{"seq":7,"s\\u0065q":8,'],
  ])("refuses %s", (_, __, begin) => {
    const { seq: ___, ...rest } = MANIFEST;
    const text = `${begin}${JSON.stringify(rest).slice(1)}`;
    expect(() => parseReleaseManifest(text)).toThrow('expected every key once, got "seq" twice');
  });

  test("refuses the keys of every object's prototype", () => {
    for (const key of ["__proto__", "constructor", "prototype", "hasOwnProperty"]) {
      const text = `{"${key}":{"seq":9},${JSON.stringify(MANIFEST).slice(1)}`;
      expect(() => parseReleaseManifest(text), key).toThrow(`got "${key}"`);
    }
    expect(Object.hasOwn(Object.prototype, "seq")).toBe(false);
  });

  test("refuses what has no bytes in UTF-8, and a byte order mark", () => {
    const text = JSON.stringify(MANIFEST);
    expect(() => parseReleaseManifest(text.replace("nats", "\ud800"))).toThrow("lone surrogate");
    expect(() => parseReleaseManifest(`\ufeff${text}`)).toThrow("expected JSON");
  });

  test("refuses what is too long or too deep before it is read", () => {
    expect(() => parseReleaseManifest(" ".repeat(65_537))).toThrow("at most 65536 characters");
    expect(() => parseReleaseManifest("[".repeat(20) + "]".repeat(20))).toThrow("8 levels");
  });
});
