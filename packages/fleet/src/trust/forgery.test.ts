/** Show 6: at least 10,000 forgeries of manifests and archives, of which none is taken. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignedFleet } from "@tideline/testing/signed-fleet";
import {
  parseSignedRelease,
  type ReleaseArtifact,
  type SignedRelease,
} from "@tideline/version/fleet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fetchBinary } from "../artifact/fetch-binary.js";
import { packageBinary } from "../publish/package-binary.js";
import { SyncError } from "../sync-error.js";
import { generateKey } from "./keys.js";
import { signText } from "./signatures.js";
import { advanceTrust, EMPTY_TRUST } from "./trust-state.js";
import { verifyRelease } from "./verify-release.js";

const fleet = new SignedFleet();
const manifest = fleet.manifest();
const good = fleet.sign(manifest);
const tried = { manifests: 0, archives: 0 };

/** Whether a machine would take it; a forger cares for nothing else. */
function isTaken(forged: () => unknown, options = fleet.verifyOptions()): boolean {
  tried.manifests += 1;
  try {
    verifyRelease(parseSignedRelease(forged()), options);
    return true;
  } catch {
    return false;
  }
}

/** Of the forgeries, the ones that were taken. There must be none. */
function takenOf(forgeries: Iterable<unknown>): unknown[] {
  return [...forgeries].filter((forged) => isTaken(() => forged));
}

describe("of forged manifests none is taken", () => {
  const file = JSON.stringify(good);
  const bytes = Buffer.from(file);

  test("the untouched file is", () => {
    expect(isTaken(() => file)).toBe(true);
  });

  test("every bit of the file flipped, one at a time", () => {
    function* flips() {
      for (let index = 0; index < bytes.length; index++) {
        for (let bit = 0; bit < 8; bit++) {
          const copy = Buffer.from(bytes);
          copy.writeUInt8(copy.readUInt8(index) ^ (1 << bit), index);
          yield copy.toString("latin1");
        }
      }
    }
    expect(takenOf(flips())).toEqual([]);
  });

  test("every length to which the file can be cut, from either end", () => {
    const lengths = [...bytes.keys()];
    expect(takenOf(lengths.map((length) => file.slice(0, length)))).toEqual([]);
    expect(takenOf(lengths.slice(1).map((length) => file.slice(length)))).toEqual([]);
  });

  test("every character left out, doubled, or changed for its neighbour", () => {
    const at = [...bytes.keys()];
    const outside = (index: number) => file.slice(0, index) + file.slice(index + 1);
    const doubled = (index: number) => file.slice(0, index) + file.slice(index - 1);
    const swapped = (index: number) =>
      `${file.slice(0, index)}${file[index + 1]}${file[index]}${file.slice(index + 2)}`;
    const swaps = at.slice(0, -1).filter((index) => file[index] !== file[index + 1]);
    expect(takenOf(at.map(outside))).toEqual([]);
    expect(takenOf(at.slice(1).map(doubled))).toEqual([]);
    expect(takenOf(swaps.map(swapped))).toEqual([]);
  });

  test("parts of five genuine releases put together in every way but their own", () => {
    const keysets = [fleet.signKeyset(), fleet.signKeyset({ version: 2 })];
    const genuine = [1, 2, 3, 4, 5].map((seq) =>
      fleet.sign(fleet.manifest({ seq }), { keyset: keysets[seq % 2] ?? good }),
    );
    function* mixtures(): Generator<SignedRelease> {
      for (const a of genuine)
        for (const b of genuine)
          for (const c of genuine)
            for (const d of genuine) {
              // The keyset of one with the roots' signatures of another of the same version is whole.
              if (a === b && c.keyset === d.keyset) continue;
              yield {
                ...{ manifest: a.manifest, signatures: b.signatures },
                ...{ keyset: c.keyset, keysetSignatures: d.keysetSignatures },
              };
            }
    }
    expect(takenOf(mixtures())).toEqual([]);
  });

  test("every letter of the manifest written as one that looks the same", () => {
    const alike: Readonly<Record<string, string>> = {
      ...{ a: "\u0430", c: "\u0441", e: "\u0435", i: "\u0456", o: "\u043e", p: "\u0440" },
      ...{ s: "\u0455", x: "\u0445", y: "\u0443", "0": "\uff10", "1": "\uff11", "2": "\uff12" },
      ...{ ".": "\u2024", "-": "\u2010", ":": "\uff1a", "/": "\u2044", '"': "\u201d" },
    };
    function* forged() {
      for (const [index, letter] of [...good.manifest].entries()) {
        const other = alike[letter];
        if (other === undefined) continue;
        const text = good.manifest.slice(0, index) + other + good.manifest.slice(index + 1);
        yield { ...good, manifest: text };
        // Also where a publisher was fooled, and has signed it.
        const signatures = signText("manifest", text, fleet.releaseKeys);
        yield { ...good, manifest: text, signatures };
      }
    }
    expect(takenOf(forged())).toEqual([]);
  });

  test("every escape, space or spelling of a number with which JSON means the same", () => {
    function* forged() {
      for (const [index, letter] of [...good.manifest].entries()) {
        const escaped = `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
        yield good.manifest.slice(0, index) + escaped + good.manifest.slice(index + 1);
        yield `${good.manifest.slice(0, index)} ${good.manifest.slice(index)}`;
      }
      yield good.manifest.replace('"seq":7', '"seq":7.0');
      yield good.manifest.replace('"seq":7', '"seq":70e-1');
      yield JSON.stringify(manifest, null, 1);
    }
    const texts = [...forged()].map((text) => ({ ...good, manifest: text }));
    expect(takenOf(texts)).toEqual([]);
  });

  test("every field twice or under a name of every prototype, though a release key has signed it", () => {
    const signed = (text: string) => ({
      ...{ ...good, manifest: text },
      signatures: signText("manifest", text, fleet.releaseKeys),
    });
    const fields = Object.entries(manifest);
    const more = [
      ...fields.map(([key, value]) => `"${key}":${JSON.stringify(value)}`),
      ...fields.map(([key]) => `"${key}":null`),
      ...["__proto__", "constructor", "prototype", "toString"].flatMap((key) => [
        `"${key}":{}`,
        `"${key}":{"seq":99}`,
        `"${key}":null`,
      ]),
    ];
    const texts = more.flatMap((field) => [
      `{${field},${good.manifest.slice(1)}`,
      `${good.manifest.slice(0, -1)},${field}}`,
    ]);
    expect(takenOf(texts.map(signed))).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test("every way to let another key speak", () => {
    const strangers = [generateKey(), generateKey()];
    const forgers = [strangers, fleet.roots, [strangers[0] ?? generateKey(), ...fleet.roots]];
    const keysets = [
      ...forgers.flatMap((roots) => [
        { releaseKeys: strangers, roots },
        { releaseKeys: fleet.releaseKeys, roots },
      ]),
      // Made by the release keys, and by one root alone.
      { releaseKeys: strangers, roots: fleet.releaseKeys },
      { releaseKeys: strangers, roots: fleet.roots.slice(0, 1) },
    ].map(({ releaseKeys, roots }) => ({
      isGenuine: roots.includes(fleet.roots[0] as never) && roots.includes(fleet.roots[1] as never),
      releaseKeys,
      text: JSON.stringify(fleet.keyset({ releaseKeys: releaseKeys.map((key) => key.publicKey) })),
      roots,
    }));
    function* forged() {
      for (const { isGenuine, releaseKeys, text, roots } of keysets) {
        for (const signers of [...forgers, fleet.releaseKeys, releaseKeys]) {
          // What enough of the roots have vouched for is no forgery.
          if (isGenuine && signers === releaseKeys) continue;
          if (isGenuine && releaseKeys === strangers && signers.includes(strangers[0] as never))
            continue;
          yield {
            ...{
              manifest: good.manifest,
              signatures: signText("manifest", good.manifest, signers),
            },
            ...{ keyset: text, keysetSignatures: signText("keyset", text, roots) },
          };
        }
      }
    }
    expect(takenOf(forged())).toEqual([]);
  });

  test("a key that was revoked, an expired keyset and an older one", () => {
    const [lost, kept] = fleet.releaseKeys;
    if (lost === undefined || kept === undefined) throw new Error("the fleet has two release keys");
    const renewed = fleet.signKeyset({ version: 2, releaseKeys: [kept.publicKey] });
    const state = advanceTrust(
      EMPTY_TRUST,
      fleet.sign(manifest, { keyset: renewed, releaseKeys: [kept] }),
    );
    const options = fleet.verifyOptions({ state });
    for (let seq = 8; seq < 58; seq++) {
      const next = fleet.manifest({ seq });
      const expired = fleet.signKeyset({ version: 3, expiresAt: fleet.now - seq });
      expect(isTaken(() => fleet.sign(next, { releaseKeys: [lost] }), options)).toBe(false);
      expect(
        isTaken(() => fleet.sign(next, { releaseKeys: [lost], keyset: renewed }), options),
      ).toBe(false);
      expect(
        isTaken(() => fleet.sign(next, { releaseKeys: [kept], keyset: expired }), options),
      ).toBe(false);
      expect(
        isTaken(() => fleet.sign(next, { releaseKeys: [kept], keyset: renewed }), options),
      ).toBe(true);
      tried.manifests -= 1;
    }
  });
});

describe("of forged archives none is taken", () => {
  let folder: string;
  let server: Server;
  let body: Buffer = Buffer.alloc(0);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tideline-forgery-"));
    server = createServer((_, response) => response.end(body));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  async function fetchAs(artifact: ReleaseArtifact, stagingFolder: string): Promise<string | null> {
    try {
      await fetchBinary({
        ...{ artifact, stagingFolder, fetch, signal: new AbortController().signal },
        limits: { triesWithoutProgress: 1, requests: 2, backoffMs: 0 },
        wait: async () => {},
      });
      return null;
    } catch (error) {
      if (error instanceof SyncError) return error.reason;
      throw error;
    }
  }

  test.each(["tar.gz", "zip", "gz", "raw"] as const)("%s", async (format) => {
    const binary = Buffer.from(
      `#!/bin/sh\necho 2.10.25 # ${manifest.artifacts["linux-x64-glibc"]?.sha256}\n`,
    );
    const packaged = await packageBinary({ format, member: "nats", binary, versionFile: null });
    const { bytes, size, sha256, member } = packaged;
    const { port } = server.address() as AddressInfo;
    const artifact: ReleaseArtifact = {
      ...{ urls: [`http://127.0.0.1:${port}/nats`], size, sha256, format, member },
      binary: packaged.binary,
    };
    const staging = join(folder, format);
    function* forgeries(): Generator<Buffer> {
      for (let index = 0; index < bytes.length; index++) {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(index) ^ (1 << (index % 8)), index);
        yield flipped;
        if (index % 4 === 0) yield bytes.subarray(0, index);
        if (index % 4 === 1) yield Buffer.concat([bytes, bytes.subarray(0, index)]);
        if (index % 4 === 2) yield Buffer.concat([bytes.subarray(index), bytes.subarray(0, index)]);
      }
    }
    const taken: Buffer[] = [];
    for (const forged of forgeries()) {
      tried.archives += 1;
      body = forged;
      if ((await fetchAs(artifact, staging)) === null) taken.push(forged);
    }
    expect(taken).toEqual([]);
    // No file has the name of a verified one.
    expect((await readdir(staging)).filter((name) => !name.endsWith(".part"))).toEqual([]);
    body = bytes;
    expect(await fetchAs(artifact, staging)).toBeNull();
  });
});

afterAll(() => {
  const { manifests, archives } = tried;
  console.info(`forgeries: ${manifests} manifests and ${archives} archives, 0 taken`);
  expect(manifests + archives).toBeGreaterThanOrEqual(10_000);
});
