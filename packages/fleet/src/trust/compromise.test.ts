/**
 * Show 6: whoever holds the ledger alone, or the release host alone, installs nothing that was not
 * released for this machine. What stands here is the machine's decision: what it verifies and fetches.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rawArtifact, SignedFleet } from "@tideline/testing/signed-fleet";
import {
  parseReleaseManifest,
  parseSignedRelease,
  type ReasonCode,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fetchBinary } from "../artifact/fetch-binary.js";
import { SyncError } from "../sync-error.js";
import { freezeAlarm } from "./freeze-alarm.js";
import { unsignedRelease } from "./sign-release.js";
import { TrustStore } from "./trust-store.js";
import { verifyRelease } from "./verify-release.js";

const DAY = 86_400_000;
const PLATFORM = "linux-x64-glibc";
const fleet = new SignedFleet();
const attacker = new SignedFleet();

let origin: string;
let server: Server;
let answer: RequestListener;
let folder: string;
let store: TrustStore;

/** What the publisher has put on the host, by path. */
const published = new Map<string, Buffer>();
const honest: RequestListener = ({ url }, response) => {
  const file = published.get(url ?? "");
  response.statusCode = file === undefined ? 404 : 200;
  response.end(file);
};

beforeAll(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-compromise-"));
  answer = honest;
  published.clear();
  store = await TrustStore.open(join(folder, "state"));
  // The machine's past: releases 5, 6 and 7, of which it has installed the last.
  for (const seq of [5, 6, 7]) await store.advance(release(seq));
});
afterEach(() => rm(folder, { recursive: true }));

const bytesOf = (seq: number, subsystem = "nats") =>
  Buffer.from(`${subsystem} ${seq}, as released`);

function manifestOf(
  seq: number,
  changes: Partial<ReleaseManifest> = {},
  bytes = bytesOf(seq, changes.subsystem),
): ReleaseManifest {
  const path = `/${changes.subsystem ?? "nats"}-${seq}`;
  published.set(path, bytes);
  const artifacts = { [PLATFORM]: rawArtifact(bytes, [`${origin}${path}`]) };
  return fleet.manifest({ seq, version: `2.10.${seq}`, artifacts, ...changes });
}

const release = (...args: Parameters<typeof manifestOf>) => fleet.sign(manifestOf(...args));

/** What a ledger, or in local mode the host's own file, says of the newest release. */
interface Named {
  readonly release: unknown;
  readonly seq?: number;
  readonly version?: string;
}

/** Verifies and fetches as the engine does; gives why nothing comes of it, or "installed". */
async function decide({ release: untrusted, seq, version }: Named): Promise<string> {
  try {
    const manifest = verifyRelease(
      parse(untrusted),
      fleet.verifyOptions({
        state: store.state,
        expected: {
          subsystem: "nats",
          ...(seq === undefined ? {} : { seq }),
          ...(version === undefined ? {} : { version }),
        },
      }),
    );
    // What runs already is not installed again.
    if (manifest.seq <= (store.state.subsystems.nats?.seq ?? 0)) return "nothing new";
    const artifact = manifest.artifacts[PLATFORM];
    if (artifact === undefined) return "NO_ARTIFACT";
    await fetchBinary({
      ...{ artifact, stagingFolder: join(folder, ".staging"), fetch },
      signal: new AbortController().signal,
      limits: { triesWithoutProgress: 1, requests: 3, backoffMs: 0, idleTimeoutMs: 2_000 },
      wait: async () => {},
    });
    return "installed";
  } catch (error) {
    if (error instanceof SyncError) return error.reason;
    throw error;
  }
}

function parse(untrusted: unknown): SignedRelease {
  try {
    return parseSignedRelease(untrusted);
  } catch (cause) {
    throw new SyncError("MANIFEST_INVALID", String(cause), { cause });
  }
}

async function expectNothingStaged(): Promise<void> {
  const names = await readdir(join(folder, ".staging")).catch(() => []);
  expect(names.filter((name) => !name.endsWith(".part"))).toEqual([]);
}

test("an honest ledger and an honest host install the next release", async () => {
  expect(await decide({ release: release(8), seq: 8, version: "2.10.8" })).toBe("installed");
});

describe("whoever holds the ledger alone installs nothing", () => {
  const [releaseKey] = fleet.releaseKeys;
  if (releaseKey === undefined) throw new Error("the fleet has release keys");
  const theirs = () => rawArtifact("malware", [`${origin}/malware`]);
  const evil = (changes: Partial<ReleaseManifest> = {}) => {
    published.set("/malware", Buffer.from("malware"));
    return fleet.manifest({ seq: 99, artifacts: { [PLATFORM]: theirs() }, ...changes });
  };

  test.each<[string, ReasonCode | "nothing new", () => Named]>([
    ["a release that nobody signed", "NOT_SIGNED", () => ({ release: unsignedRelease(evil()) })],
    [
      "a release by keys and roots of its own",
      "KEYSET_INVALID",
      () => ({ release: attacker.sign(evil()) }),
    ],
    [
      "a release by keys of its own under the genuine keyset",
      "SIGNATURE_INVALID",
      () => ({ release: fleet.sign(evil(), { releaseKeys: attacker.releaseKeys }) }),
    ],
    [
      "a genuine release of which the address was changed",
      "SIGNATURE_INVALID",
      () => {
        const genuine = release(8);
        return {
          release: { ...genuine, manifest: genuine.manifest.replace("/nats-8", "/malware") },
        };
      },
    ],
    [
      "a genuine release of which the binary was changed",
      "SIGNATURE_INVALID",
      () => {
        const genuine = release(8);
        const { sha256 } = parseReleaseManifest(genuine.manifest).artifacts[PLATFORM] ?? theirs();
        return {
          release: { ...genuine, manifest: genuine.manifest.replaceAll(sha256, theirs().sha256) },
        };
      },
    ],
    ["an older release", "DOWNGRADE", () => ({ release: release(6), seq: 6 })],
    [
      "an older release under a higher number",
      "WRONG_RELEASE",
      () => ({ release: release(6), seq: 9 }),
    ],
    [
      "an older release under another version",
      "WRONG_RELEASE",
      () => ({ release: release(8), seq: 8, version: "9.9.9" }),
    ],
    ["the release that runs, for ever", "nothing new", () => ({ release: release(7), seq: 7 })],
    [
      "another release with the number of the one that runs",
      "SEQ_REUSED",
      () => ({ release: release(7, { version: "2.10.0" }) }),
    ],
    [
      "a release of another subsystem",
      "WRONG_SUBSYSTEM",
      () => ({ release: release(50, { subsystem: "telegraf" }), seq: 50 }),
    ],
    [
      "a release that has expired",
      "MANIFEST_EXPIRED",
      () => ({ release: release(8, { createdAt: 1, expiresAt: fleet.now - DAY }) }),
    ],
    [
      "a release from before its key was lost, with the lost key",
      "KEYSET_EXPIRED",
      () => ({
        release: fleet.sign(evil(), { keyset: fleet.signKeyset({ expiresAt: fleet.now - DAY }) }),
      }),
    ],
    [
      "no release but nonsense",
      "MANIFEST_INVALID",
      () => ({ release: { manifest: "{}", trusted: true } }),
    ],
    ["null", "MANIFEST_INVALID", () => ({ release: null })],
  ])("by naming %s: %s", async (_, reason, named) => {
    expect(await decide(named())).toBe(reason);
    await expectNothingStaged();
  });

  test("with a release key that it stole and that the roots have revoked since", async () => {
    const kept = fleet.releaseKeys.slice(1);
    const keyset = fleet.signKeyset({ version: 2, releaseKeys: kept.map((key) => key.publicKey) });
    await store.advance(fleet.sign(manifestOf(8), { keyset, releaseKeys: kept }));
    const stolen = { releaseKeys: [releaseKey] };
    expect(await decide({ release: fleet.sign(evil(), stolen) })).toBe("KEYSET_TOO_OLD");
    expect(await decide({ release: fleet.sign(evil(), { ...stolen, keyset }) })).toBe(
      "SIGNATURE_INVALID",
    );
    await expectNothingStaged();
  });

  test("by going back to a binary that was revoked", async () => {
    const { sha256 } = rawArtifact(bytesOf(6));
    await store.advance(release(8, { revoked: [sha256] }));
    const revert = fleet.sign(manifestOf(9, { reverts: 6 }, bytesOf(6)));
    expect(await decide({ release: revert, seq: 9 })).toBe("REVOKED");
    await expectNothingStaged();
  });

  test("by any mixture of what it has ever seen", async () => {
    const seen = [5, 6, 7, 8].map((seq) => release(seq));
    seen.push(attacker.sign(evil()), unsignedRelease(evil()), release(50, { subsystem: "arc" }));
    const outcomes = new Map<string, number>();
    for (const a of seen)
      for (const b of seen)
        for (const c of seen) {
          // Release 8 whole is what the publisher wants everybody to have.
          if (a === seen[3] && b === a && !seen.slice(4, 6).includes(c)) continue;
          const { keyset, keysetSignatures } = c;
          const mixed = {
            manifest: a.manifest,
            signatures: b.signatures,
            keyset,
            keysetSignatures,
          };
          const outcome = await decide({ release: mixed });
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
    expect(outcomes.get("installed") ?? 0).toBe(0);
    expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBeGreaterThan(300);
    await expectNothingStaged();
  });

  test("and by saying nothing new it shows, as soon as the host is asked", () => {
    const alarm = freezeAlarm({ subsystem: "nats", ledger: 6, host: 8, seen: 7 });
    expect(alarm?.reason).toBe("FREEZE");
  });
});

describe("whoever holds the release host alone installs nothing", () => {
  const named = () => ({ release: release(8), seq: 8, version: "2.10.8" });
  const genuine = bytesOf(8);
  const body =
    (bytes: Buffer): RequestListener =>
    (_, response) =>
      void response.end(bytes);

  test.each<[string, RequestListener]>([
    ["other bytes of the same length", body(Buffer.alloc(genuine.length, "x"))],
    ["the bytes of an older release", body(bytesOf(6))],
    ["the bytes of another subsystem", body(bytesOf(8, "arcs"))],
    [
      "bytes of which one bit is another",
      body(Buffer.concat([Buffer.of(genuine.readUInt8(0) ^ 1), genuine.subarray(1)])),
    ],
    ["one byte less", body(genuine.subarray(1))],
    ["one byte more", body(Buffer.concat([genuine, Buffer.of(0)]))],
    ["nothing", body(Buffer.of())],
    ["a page", body(Buffer.from("<!doctype html><title>Sign in</title>"))],
    [
      "bytes that are packed on the way",
      (_, response) => {
        response.setHeader("content-encoding", "gzip");
        response.end(gzipSync(Buffer.alloc(genuine.length, "x")));
      },
    ],
    [
      "a redirect to bytes of its own",
      ({ url }, response) => {
        if (url === "/elsewhere") return void response.end(Buffer.alloc(genuine.length, "x"));
        response.writeHead(302, { location: "/elsewhere" }).end();
      },
    ],
    [
      "a redirect to a file of the machine",
      (_, response) => void response.writeHead(302, { location: "file:///bin/sh" }).end(),
    ],
    [
      "a redirect without end",
      (_, response) => void response.writeHead(302, { location: "/again" }).end(),
    ],
    [
      "the start of the right bytes and an end of its own",
      ({ headers }, response) => {
        if (headers.range === undefined) {
          response.writeHead(200, { "content-length": genuine.length });
          response.write(genuine.subarray(0, 8), () => response.destroy());
          return;
        }
        const start = Number(/\d+/.exec(headers.range)?.[0]);
        const end = `${genuine.length - 1}/${genuine.length}`;
        response.writeHead(206, { "content-range": `bytes ${start}-${end}` });
        response.end(Buffer.alloc(genuine.length - start, "x"));
      },
    ],
    ["a refusal", (_, response) => void response.writeHead(403).end()],
    ["an older file under the new name", body(bytesOf(7))],
  ])("by serving %s", async (_, listener) => {
    answer = listener;
    const outcome = await decide(named());
    expect(outcome).not.toBe("installed");
    expect(outcome).toMatch(/^(SIZE|CHECKSUM)_MISMATCH$|^HOST_/);
    await expectNothingStaged();
  });

  test("by serving another manifest, where a machine without a ledger asks it for one", async () => {
    published.set("/malware", Buffer.from("malware"));
    const evil = fleet.manifest({
      ...{ seq: 99, version: "9.9.9" },
      artifacts: { [PLATFORM]: rawArtifact("malware", [`${origin}/malware`]) },
    });
    const files = [
      unsignedRelease(evil),
      attacker.sign(evil),
      fleet.sign(evil, { releaseKeys: attacker.releaseKeys }),
      { ...release(8), manifest: JSON.stringify(evil) },
      release(5),
      release(6),
      release(50, { subsystem: "arc" }),
    ].map((file) => JSON.stringify(file));
    files.push(JSON.stringify(release(8)).slice(0, -1), "", "null", "[]", "<!doctype html>");
    const outcomes = new Set<string>();
    for (const file of files) outcomes.add(await decide({ release: file }));
    expect([...outcomes].sort()).toEqual([
      ...["DOWNGRADE", "KEYSET_INVALID", "MANIFEST_INVALID"],
      ...["NOT_SIGNED", "SIGNATURE_INVALID", "WRONG_SUBSYSTEM"],
    ]);
    await expectNothingStaged();
  });

  test("and by standing still it shows beside the ledger, or beside what was seen before", () => {
    const stuck = { subsystem: "nats", host: 6, seen: 7 };
    expect(freezeAlarm({ ...stuck, ledger: 8 })?.reason).toBe("FREEZE");
    expect(freezeAlarm({ ...stuck, ledger: null })?.reason).toBe("FREEZE");
  });
});
