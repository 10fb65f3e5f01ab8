/**
 * Show 6 with the whole engine: whoever holds the ledger alone, or the release host alone, has nothing
 * installed. What the machine verifies is trust/compromise.test.ts; here it is what becomes of a live
 * service, its files and its memory.
 */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  type EngineMachine,
  FileHost,
  type Published,
  RecordingLedger,
  ReleaseLine,
  startMachine,
} from "@tideline/testing/engine-rig";
import { rawArtifact, SignedFleet } from "@tideline/testing/signed-fleet";
import { type FleetTarget, platformKey, type SignedRelease } from "@tideline/version/fleet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { platformHere } from "../artifact/platform-here.js";
import { unsignedRelease } from "../trust/sign-release.js";

const PLATFORM = platformKey(platformHere());
const DAY = 86_400_000;

let host: FileHost;
let line: ReleaseLine;
let attacker: ReleaseLine;
let machine: EngineMachine;
/** Installed, the one before, and the next one that the publisher has made. */
let past: Published;
let live: Published;
let next: Published;
let untouched: unknown;

beforeAll(async () => {
  host = await FileHost.start();
  line = new ReleaseLine(new SignedFleet(), host);
  attacker = new ReleaseLine(new SignedFleet(), host);
  machine = await startMachine({ line, ledger: new RecordingLedger(), names: ["nats"] });
  past = line.publish("nats", 6);
  await machine.plant("nats", past);
  await machine.startServices();
  live = line.publish("nats", 7);
  await machine.update("nats", live.target);
  next = line.publish("nats", 8);
  untouched = await look();
});
afterAll(async () => {
  await machine.dispose();
  await host.close();
});

/** Everything that an attack could change: the service, its files, the memory of what was believed. */
async function look() {
  const folder = dirname(machine.live("nats"));
  const trust = ["trust-1.json", "trust-2.json"].map(async (name) =>
    readFile(join(machine.config.state, name), "utf8").catch(() => null),
  );
  return {
    pid: (await machine.inspect("nats")).pid,
    starts: await machine.starts("nats"),
    sha256: await machine.runs("nats"),
    version: await readFile(join(folder, ".version"), "utf8"),
    files: (await readdir(folder, { recursive: true }))
      .filter((path) => !path.includes(".staging"))
      .sort(),
    trust: await Promise.all(trust),
  };
}

/** What the ledger names, whoever holds it. */
function naming(release: SignedRelease, seq = 8, version = "1.0.8"): FleetTarget {
  const settled = { release, seq, version };
  return { channel: "stable", subsystem: "nats", generation: 1_000, settled, rollout: null };
}

async function attack(target: FleetTarget): Promise<string> {
  // As often as an attacker likes: the limit of tries must not be what saves the machine.
  machine.clock.now += DAY / 4;
  const outcome = await machine.update("nats", target);
  expect(await look()).toEqual(untouched);
  return "reason" in outcome ? outcome.reason : outcome.state;
}

describe("a ledger that somebody else holds installs nothing:", () => {
  const forged = (): SignedRelease => {
    const mine = attacker.publish("nats", 8).release;
    const { keyset, keysetSignatures } = next.release;
    // The attacker's manifest under the fleet's own keyset.
    return { ...mine, keyset, keysetSignatures };
  };
  const attacks: [string, () => FleetTarget, string][] = [
    [
      "its own release, signed by its own keys",
      () => naming(attacker.publish("nats", 8).release),
      "KEYSET_INVALID",
    ],
    ["its own release beside the fleet's keyset", () => naming(forged()), "SIGNATURE_INVALID"],
    [
      "a release without any signature",
      () => naming(unsignedRelease(attacker.publish("nats", 8).manifest)),
      "NOT_SIGNED",
    ],
    [
      "the next release with another address",
      () => {
        const { release } = next;
        const manifest = release.manifest.replace("http://127.0.0.1", "http://127.0.0.2");
        return naming({ ...release, manifest });
      },
      "SIGNATURE_INVALID",
    ],
    ["the release before the live one, by its own number", () => past.target, "DOWNGRADE"],
    [
      "the release before the live one, under a higher number",
      () => naming(past.release, 9, "1.0.9"),
      "WRONG_RELEASE",
    ],
    [
      "a release of another subsystem",
      () => naming(line.publish("arc", 8).release),
      "WRONG_SUBSYSTEM",
    ],
    [
      "another release with the number of the live one",
      () => naming(line.publish("nats", 7, { variant: "never-ready" }).release, 7, "1.0.7"),
      "current",
    ],
    [
      "a release that has expired",
      () =>
        naming(
          line.publish("nats", 8, {
            change: { createdAt: line.fleet.now - 9 * DAY, expiresAt: line.fleet.now - DAY },
          }).release,
        ),
      "MANIFEST_EXPIRED",
    ],
    [
      "a release of a keyset that has expired",
      () => {
        const keyset = line.fleet.signKeyset({ expiresAt: line.fleet.now - DAY });
        return naming(line.fleet.sign(next.manifest, { keyset }));
      },
      "KEYSET_EXPIRED",
    ],
    [
      "a release with a keyset that too few roots have signed",
      () => {
        const keyset = line.fleet.signKeyset({}, line.fleet.roots.slice(0, 1));
        return naming(line.fleet.sign(next.manifest, { keyset }));
      },
      "KEYSET_INVALID",
    ],
    [
      "half a release",
      () =>
        naming({
          ...next.release,
          manifest: next.release.manifest.slice(0, -20),
        }),
      "SIGNATURE_INVALID",
    ],
    [
      "something that is no release",
      () => naming({ nothing: true } as unknown as SignedRelease),
      "MANIFEST_INVALID",
    ],
  ];
  test.each(attacks)("%s is refused", async (_, target, reason) => {
    expect(await attack(target())).toBe(reason);
  });

  test("and its own roots beside the release are no roots of this machine", async () => {
    const target = { ...naming(attacker.publish("nats", 8).release), trust: attacker.fleet.trust };
    expect(await attack(target)).toBe("KEYSET_INVALID");
  });
});

describe("a release host that somebody else holds installs nothing:", () => {
  let seq = 100;
  /** A release that the publisher has signed, and what the host makes of its file. */
  async function served(tamper: (bytes: Buffer) => Uint8Array | null): Promise<string> {
    seq += 1;
    const honest = line.publish("nats", seq);
    const path = new URL(honest.manifest.artifacts[PLATFORM]?.urls[0] ?? "").pathname;
    const bytes = tamper(honest.bytes);
    if (bytes === null) host.remove(path);
    else host.put(path, bytes);
    return await attack(honest.target);
  }

  const evil = () => attacker.publish("nats", 1, { variant: "good" }).bytes;
  const attacks: [string, (bytes: Buffer) => Uint8Array | null, string[]][] = [
    ["a program of its own", () => evil(), ["SIZE_MISMATCH", "CHECKSUM_MISMATCH"]],
    [
      "a program of its own of the same size",
      (bytes) => Buffer.concat([evil(), Buffer.alloc(bytes.length, "#")]).subarray(0, bytes.length),
      ["CHECKSUM_MISMATCH"],
    ],
    [
      "the right program with one bit turned",
      (bytes) => {
        const turned = Buffer.from(bytes);
        turned[turned.length - 2] = (turned[turned.length - 2] ?? 0) ^ 1;
        return turned;
      },
      ["CHECKSUM_MISMATCH"],
    ],
    [
      "the right program and something after it",
      (bytes) => Buffer.concat([bytes, evil()]),
      ["SIZE_MISMATCH"],
    ],
    ["the program that was live before", () => past.bytes, ["SIZE_MISMATCH", "CHECKSUM_MISMATCH"]],
    [
      "an empty file",
      () => new Uint8Array(),
      ["SIZE_MISMATCH", "CHECKSUM_MISMATCH", "HOST_UNREACHABLE"],
    ],
    [
      "the program in a package",
      (bytes) => gzipSync(bytes),
      ["SIZE_MISMATCH", "CHECKSUM_MISMATCH"],
    ],
    ["nothing", () => null, ["HOST_UNREACHABLE", "AWAITING_ASSETS", "ASSET_MISSING"]],
  ];
  test.each(attacks)("%s is refused", async (_, tamper, reasons) => {
    expect(reasons).toContain(await served(tamper));
  });

  test("a signed package whose binary is another one than was signed is refused", async () => {
    const honest = line.publish("nats", 200);
    const packed = gzipSync(evil());
    const url = host.put("/nats-200.gz", packed);
    const file = rawArtifact(packed, [url]);
    const artifact = { ...file, format: "gz" as const, binary: rawArtifact(honest.bytes).binary };
    const manifest = { ...honest.manifest, artifacts: { [PLATFORM]: artifact } };
    const reason = await attack(naming(line.fleet.sign(manifest), 200, "1.0.200"));
    expect(["SIZE_MISMATCH", "CHECKSUM_MISMATCH", "ARCHIVE_INVALID"]).toContain(reason);
  });
});

test("after all of it the publisher's next release is installed as ever", async () => {
  machine.clock.now += DAY;
  const outcome = await machine.update("nats", line.publish("nats", 300).target);
  expect(outcome).toMatchObject({ state: "committed", seq: 300 });
});
