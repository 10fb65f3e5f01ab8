/** Publishing on a release host that speaks GitHub's shapes, and the publisher's part of row 9. */
import { verifyRelease } from "@tideline/fleet";
import type { ReleaseManifest } from "@tideline/version/fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { namedPackage, PublishRig, sha256Of } from "./publish-rig.js";

let rig: PublishRig;
beforeEach(async () => {
  rig = await PublishRig.start();
});
afterEach(() => rig.close());

const dieAt = (when: string) => (step: string) => {
  if (step === when) throw new Error("died");
};
const refusedAs = (reason: string) => expect.objectContaining({ reason });
const manifestOf = (index: number): ReleaseManifest =>
  JSON.parse(rig.told[index]?.manifest ?? "null") as ReleaseManifest;

describe("a release", () => {
  test("is a draft until every file was uploaded and read back, then public, then told", async () => {
    const states: string[] = [];
    const { version } = await rig.publish(
      {},
      {
        atStep: (step) => {
          states.push(`${step}: ${rig.published().length} public, ${rig.told.length} told`);
        },
      },
    );
    expect(version).toBe("2.10.25");
    expect(states).toEqual([
      "draft-created: 0 public, 0 told",
      "file-uploaded: 0 public, 0 told",
      "file-uploaded: 0 public, 0 told",
      "all-uploaded: 0 public, 0 told",
      "read-back: 0 public, 0 told",
      "published: 1 public, 0 told",
      "told: 1 public, 1 told",
    ]);
    expect(rig.published()).toEqual([
      {
        tag: "nats-v2.10.25",
        seq: 1,
        files: ["nats-2.10.25-linux-x64-glibc.tar.gz", "nats.release.json"],
      },
    ]);
  });

  test("is what a machine believes and can download from the signed address without a token", async () => {
    const { signed } = await rig.publish({ isCritical: true, dataRollback: "unsafe" });
    const manifest = verifyRelease(signed, rig.fleet.verifyOptions({ now: rig.now }));
    expect(manifest).toMatchObject({
      ...{ subsystem: "nats", seq: 1, version: "2.10.25", updateClass: "minor", reverts: null },
      ...{ isCritical: true, dataRollback: "unsafe" },
      createdAt: rig.now,
      expiresAt: rig.now + 90 * 86_400_000,
    });
    const artifact = manifest.artifacts["linux-x64-glibc"];
    expect(artifact?.urls).toEqual([
      rig.host.downloadUrl("nats-v2.10.25", "nats-2.10.25-linux-x64-glibc.tar.gz"),
    ]);
    const bytes = Buffer.from(await (await fetch(String(artifact?.urls[0]))).arrayBuffer());
    expect([sha256Of(bytes), bytes.length]).toEqual([artifact?.sha256, artifact?.size]);
    expect(rig.told).toEqual([signed]);
  });

  test("gets the next seq, and says how far it is from the one before", async () => {
    await rig.publish({ version: "2.10.25" });
    await rig.publish({ version: "2.10.26" });
    await rig.publish({ version: "2.11.0" });
    await rig.publish({ version: "3.0.0" });
    expect(rig.published().map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect([0, 1, 2, 3].map((index) => manifestOf(index).updateClass)).toEqual([
      ...["minor", "patch", "minor", "major"],
    ]);
  });

  test("has a seq above what ledger and machine have seen, though the host has nothing", async () => {
    const release = rig.fleet.sign(rig.fleet.manifest({ seq: 7, createdAt: rig.now }));
    const target = {
      ...{ channel: "stable", subsystem: "nats", generation: 3, rollout: null },
      settled: { release, seq: 7, version: "2.10.25" },
    };
    const ledger = { ...rig.deps().ledger, targets: () => [target] } as never;
    expect(await rig.publish({ version: "2.10.26" }, { ledger })).toMatchObject({ seq: 8 });
    expect(manifestOf(0).updateClass).toBe("patch");
    expect(await rig.publish({ version: "2.10.27" }, { seenSeq: 20 })).toMatchObject({ seq: 21 });
  });

  test("whose version has no order waits for a person", async () => {
    await rig.publish({ version: "2.10.25" });
    await rig.publish({ version: "abc1234" });
    expect(manifestOf(1).updateClass).toBe("major");
  });

  test("of another subsystem is another story", async () => {
    await rig.publish({});
    await rig.publish({ subsystem: "nats-v2", version: "0.1.0" });
    expect(rig.published().map(({ tag, seq }) => [tag, seq])).toEqual([
      ["nats-v2-v0.1.0", 1],
      ["nats-v2.10.25", 1],
    ]);
  });

  test("that nobody trusted has signed does not say what the next seq is compared with", async () => {
    rig.host.addRelease({ tag: "nats-v9.9.9", assets: { "nats.release.json": "{}" } });
    expect(await rig.publish({})).toMatchObject({ seq: 1 });
    expect(rig.log.join("\n")).toContain("Release nats-v9.9.9 is left out");
  });
});

describe("row 9: what the host serves is not what was uploaded", () => {
  test("a flipped bit is READ_BACK_FAILED, nothing is public, and the next run uploads it anew, and it alone", async () => {
    const path = "/nats-2.10.25";
    rig.host.fail({ on: "bytes", kind: "flip", at: 40, path, times: 1 });
    await expect(rig.publish({})).rejects.toEqual(refusedAs("READ_BACK_FAILED"));
    expect([rig.published(), rig.told]).toEqual([[], []]);

    const uploads = () =>
      rig.host.requests.filter(({ method, path: to }) => method === "POST" && to.includes("name="));
    const before = uploads().length;
    await rig.publish({});
    expect(rig.published()).toHaveLength(1);
    expect(uploads().length - before).toBe(1);
  });

  test("bytes beyond the end are READ_BACK_FAILED", async () => {
    rig.host.fail({ on: "bytes", kind: "longer", bytes: 1, path: "/nats-2.10.25", times: 1 });
    await expect(rig.publish({})).rejects.toEqual(refusedAs("READ_BACK_FAILED"));
  });

  test("a file that was replaced before it was read back is READ_BACK_FAILED", async () => {
    const evil = rig.publish({}, { atStep: (step) => replaceAt("all-uploaded", step) });
    await expect(evil).rejects.toEqual(refusedAs("READ_BACK_FAILED"));
    expect([rig.published(), rig.told]).toEqual([[], []]);
  });

  test.each(["read-back", "published"])(
    "a file that is replaced after %s is public, but the ledger never hears of it",
    async (when) => {
      const evil = rig.publish({}, { atStep: (step) => replaceAt(when, step) });
      await expect(evil).rejects.toEqual(refusedAs("READ_BACK_FAILED"));
      expect(rig.told).toEqual([]);
      // Whoever runs it again is told who is to blame, and the ledger still nothing.
      await expect(rig.publish({})).rejects.toEqual(refusedAs("ASSET_REPLACED"));
      expect(rig.told).toEqual([]);
    },
  );

  test("a host that computes no digest is read byte for byte all the same", async () => {
    const forget = () => {
      for (const { assets } of rig.host.repository.releases) {
        for (const asset of assets) asset.digest = null;
      }
    };
    await rig.publish({}, { atStep: forget });
    expect(rig.told).toHaveLength(1);
  });

  function replaceAt(when: string, step: string): void {
    const [release] = rig.host.repository.releases;
    const name = "nats-2.10.25-linux-x64-glibc.tar.gz";
    if (step === when && release !== undefined) rig.host.store.replaceAsset(release, name, "evil");
  }
});

describe("publishing again", () => {
  test("what is public with the same binaries only tells the ledger, the very same signed text", async () => {
    const first = await rig.publish({});
    const writes = () => rig.host.requests.filter(({ method }) => method !== "GET").length;
    const before = writes();
    rig.now += 3_600_000;
    const again = await rig.publish({});
    expect([again.isNew, again.seq, writes() - before]).toEqual([false, 1, 0]);
    expect(rig.told).toEqual([first.signed, first.signed]);
  });

  test("other binaries of a version that has a release are PUBLISH_CONFLICT, unless they are wanted", async () => {
    await rig.publish({});
    const other = { binary: "another build" };
    await expect(rig.publish(other)).rejects.toEqual(refusedAs("PUBLISH_CONFLICT"));
    await rig.publish({ ...other, isAgain: true });
    expect(rig.published().map(({ tag, seq }) => [tag, seq])).toEqual([
      ["nats-v2.10.25", 1],
      ["nats-v2.10.25-r2", 2],
    ]);
  });

  test("a lower version, or an older release once more, is DOWNGRADE", async () => {
    await rig.publish({ version: "2.10.24" });
    await rig.publish({ version: "2.10.25" });
    for (const version of ["2.10.24", "2.10.23"]) {
      await expect(rig.publish({ version })).rejects.toEqual(refusedAs("DOWNGRADE"));
    }
    expect(rig.published()).toHaveLength(2);
  });

  test("what the ledger refuses is told so; the release host's part is not done twice", async () => {
    rig.answer(() => ({ ok: false, code: "SEQ_NOT_NEWER", message: "the newest is 9" }));
    await expect(rig.publish({})).rejects.toEqual(refusedAs("PUBLISH_CONFLICT"));
    rig.answer(() => ({ ok: false, code: "REVERTS_UNKNOWN", message: "no release 3" }));
    await expect(rig.publish({})).rejects.toEqual(refusedAs("LEDGER_REFUSED"));
    expect(rig.published()).toHaveLength(1);
  });

  test("without a ledger the release host alone is told", async () => {
    expect(await rig.publish({}, { ledger: null })).toMatchObject({ isNew: true, ledger: null });
  });
});

describe("going back", () => {
  beforeEach(async () => {
    await rig.publish({ version: "2.10.24" });
    await rig.publish({ version: "2.10.25" });
  });
  const revert = { content: { kind: "release", seq: 1 } } as const;

  test("is a new release with a higher seq that points at the older bytes", async () => {
    await rig.publish(revert);
    expect(rig.published()[2]).toEqual({
      ...{ tag: "nats-v2.10.24-r3", seq: 3 },
      files: ["nats.release.json"],
    });
    expect(manifestOf(2)).toMatchObject({ seq: 3, version: "2.10.24", reverts: 1 });
    expect(manifestOf(2).artifacts).toEqual(manifestOf(0).artifacts);
  });

  test("is done once, however often it is run", async () => {
    const first = await rig.publish(revert);
    expect(await rig.publish(revert)).toMatchObject({ isNew: false, seq: first.seq });
    expect(rig.published()).toHaveLength(3);
  });

  test("to bytes that the host no longer serves is ASSET_REPLACED", async () => {
    const release = rig.host.release("nats-v2.10.24");
    if (release === undefined) throw new Error("no release");
    rig.host.store.replaceAsset(release, "nats-2.10.24-linux-x64-glibc.tar.gz", "evil");
    await expect(rig.publish(revert)).rejects.toEqual(refusedAs("ASSET_REPLACED"));
  });

  test("to what was never published is RELEASE_NOT_FOUND", async () => {
    const content = { kind: "release", seq: 77 } as const;
    await expect(rig.publish({ content })).rejects.toEqual(refusedAs("RELEASE_NOT_FOUND"));
  });

  test("with a revocation: the binary is never published again, nor by a later release", async () => {
    const bad = manifestOf(1).artifacts["linux-x64-glibc"]?.binary.sha256 ?? "";
    await rig.publish({ ...revert, revoked: [bad] });
    expect(manifestOf(2).revoked).toEqual([bad]);
    await rig.publish({ version: "2.10.26" });
    expect(manifestOf(3).revoked).toEqual([bad]);
    const same = { version: "2.10.27", binary: "nats 2.10.25" };
    await expect(rig.publish(same)).rejects.toEqual(refusedAs("REVOKED"));
    expect(rig.published()).toHaveLength(4);
  });

  test("the newest release is renewed under a new seq, and that is no revert", async () => {
    rig.now += 80 * 86_400_000;
    await rig.publish({ content: { kind: "release", seq: "newest" } });
    expect(manifestOf(2)).toMatchObject({ seq: 3, version: "2.10.25", reverts: null });
    expect(manifestOf(2).expiresAt).toBe(rig.now + 90 * 86_400_000);
  });

  test("to a release by keys that were replaced since is KEYSET_TOO_OLD", async () => {
    const { makeSigner, generateKey, EMPTY_TRUST } = await import("@tideline/fleet");
    const key = generateKey();
    const keyset = rig.fleet.signKeyset({ version: 2, releaseKeys: [key.publicKey] });
    const signer = makeSigner({
      ...{ trust: rig.fleet.trust, releaseKeys: [key], keyset },
      ...{ state: EMPTY_TRUST, now: () => rig.now },
    });
    await expect(rig.publish(revert, { signer })).rejects.toEqual(refusedAs("KEYSET_TOO_OLD"));
    // From files it goes on: the order goes on too.
    expect(await rig.publish({ version: "2.10.26" }, { signer })).toMatchObject({ seq: 3 });
    // And the older keys publish nothing any more.
    await expect(rig.publish({ version: "2.10.27" })).rejects.toEqual(refusedAs("KEYSET_TOO_OLD"));
  });
});

describe("the same seq", () => {
  test("given by hand and taken is PUBLISH_CONFLICT", async () => {
    await rig.publish({ seq: 5 });
    const taken = rig.publish({ version: "2.10.26", seq: 5 });
    await expect(taken).rejects.toEqual(refusedAs("PUBLISH_CONFLICT"));
    expect([rig.published().length, rig.drafts()]).toEqual([1, []]);
  });

  test("of two publishers at once goes to the older draft; no seq is published twice", async () => {
    const versions = ["2.10.25", "2.10.26", "2.10.27"];
    const outcomes = await Promise.allSettled(versions.map((version) => rig.publish({ version })));
    const seqs = rig.published().map(({ seq }) => seq);
    expect(new Set(seqs).size).toBe(seqs.length);
    expect(seqs.length).toBeGreaterThanOrEqual(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        expect(["PUBLISH_CONFLICT", "DOWNGRADE"]).toContain(outcome.reason.reason);
      }
    }
  });

  test("the same version by two publishers at once: one release", async () => {
    const builds = ["one build", "another build"];
    await Promise.allSettled(
      builds.map((binary) => rig.publish({ binary }, { publisher: binary })),
    );
    expect(rig.published()).toHaveLength(1);
    expect(rig.drafts()).toEqual([]);
  });

  test("a draft of another publisher is left alone for 30 minutes, and then replaced", async () => {
    const died = rig.publish({}, { publisher: "another", atStep: dieAt("all-uploaded") });
    await expect(died).rejects.toThrow("died");
    rig.now += 29 * 60_000;
    await expect(rig.publish({})).rejects.toEqual(refusedAs("PUBLISH_CONFLICT"));
    rig.now += 60_000;
    expect(await rig.publish({})).toMatchObject({ isNew: true, seq: 2 });
    expect(rig.drafts()).toEqual([]);
  });

  test("what a publisher that died has claimed with another version is removed by the next one", async () => {
    const died = rig.publish({}, { atStep: dieAt("file-uploaded") });
    await expect(died).rejects.toThrow("died");
    expect(await rig.publish({ version: "2.10.26" })).toMatchObject({ seq: 2 });
    expect(rig.drafts()).toEqual([]);
    await expect(rig.publish({})).rejects.toEqual(refusedAs("DOWNGRADE"));
  });

  test("a higher one that was published during the upload ends ours", async () => {
    let isFirst = true;
    const slow = rig.publish(
      {},
      {
        atStep: async (step) => {
          if (step !== "all-uploaded" || !isFirst) return;
          isFirst = false;
          await rig.publish({ version: "2.10.26" });
        },
      },
    );
    await expect(slow).rejects.toEqual(refusedAs("PUBLISH_CONFLICT"));
    expect([rig.published().map(({ tag }) => tag), rig.drafts()]).toEqual([["nats-v2.10.26"], []]);
  });
});

test("several platforms are one release with one signed file", async () => {
  const linux = await namedPackage("2.10.25", "linux");
  const mac = { ...linux, platform: "darwin-arm64", fileName: "nats-2.10.25-darwin-arm64.tar.gz" };
  const content = { kind: "packages", version: "2.10.25", packages: [linux, mac] } as const;
  const { manifest } = await rig.publish({ content });
  expect(Object.keys(manifest.artifacts).sort()).toEqual(["darwin-arm64", "linux-x64-glibc"]);
  expect(rig.published()[0]?.files).toHaveLength(3);
});
