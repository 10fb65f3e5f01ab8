import { rawArtifact, SignedFleet } from "@tideline/testing/signed-fleet";
import type { ReasonCode, ReleaseManifest } from "@tideline/version/fleet";
import { describe, expect, test } from "vitest";
import { SyncError } from "../sync-error.js";
import { freezeAlarm } from "./freeze-alarm.js";
import { generateKey } from "./keys.js";
import { unsignedRelease } from "./sign-release.js";
import { signText } from "./signatures.js";
import { advanceTrust, EMPTY_TRUST, type TrustState } from "./trust-state.js";
import { verifyRelease } from "./verify-release.js";

const DAY = 86_400_000;
const fleet = new SignedFleet();
const { now } = fleet;

/** Why it is refused, or null if it is not. */
function reasonOf(act: () => unknown): ReasonCode | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof SyncError) return error.reason;
    throw error;
  }
}

/** A machine that has accepted these releases. */
function stateAfter(...manifests: ReleaseManifest[]): TrustState {
  return manifests.reduce(
    (state, manifest) => advanceTrust(state, fleet.sign(manifest)),
    EMPTY_TRUST,
  );
}

describe("verifyRelease()", () => {
  test("gives the manifest that roots and release keys vouch for", () => {
    const manifest = fleet.manifest();
    expect(verifyRelease(fleet.sign(manifest), fleet.verifyOptions())).toEqual(manifest);
  });

  test("a threshold of release keys is met by different keys, in any order", () => {
    const two = new SignedFleet({ threshold: 2 });
    const [a, b] = two.releaseKeys;
    if (a === undefined || b === undefined) throw new Error("the fleet has two release keys");
    const sign = (...releaseKeys: (typeof a)[]) => two.sign(two.manifest(), { releaseKeys });
    expect(reasonOf(() => verifyRelease(sign(a, b), two.verifyOptions()))).toBeNull();
    expect(reasonOf(() => verifyRelease(sign(b, a), two.verifyOptions()))).toBeNull();
    expect(reasonOf(() => verifyRelease(sign(a), two.verifyOptions()))).toBe("SIGNATURE_INVALID");
  });

  test("a stranger's signature beside the right ones does no harm", () => {
    const releaseKeys = [generateKey(), ...fleet.releaseKeys];
    const release = fleet.sign(fleet.manifest(), { releaseKeys });
    expect(reasonOf(() => verifyRelease(release, fleet.verifyOptions()))).toBeNull();
  });

  test("is refused if it is not what it was said to be", () => {
    const release = fleet.sign(fleet.manifest());
    const reason = (expected: { subsystem: string; seq?: number; version?: string }) =>
      reasonOf(() => verifyRelease(release, fleet.verifyOptions({ expected })));
    expect(reason({ subsystem: "arc" })).toBe("WRONG_SUBSYSTEM");
    expect(reason({ subsystem: "nats", seq: 8 })).toBe("WRONG_RELEASE");
    expect(reason({ subsystem: "nats", version: "2.10.26" })).toBe("WRONG_RELEASE");
    expect(reason({ subsystem: "nats", seq: 7, version: "2.10.25" })).toBeNull();
  });

  test("without a root, or with a threshold of none, nothing is believed", () => {
    const release = fleet.sign(fleet.manifest());
    for (const changes of [{ roots: [] }, { threshold: 0 }, { threshold: Number.NaN }]) {
      const options = fleet.verifyOptions(changes);
      expect(reasonOf(() => verifyRelease(release, options))).toBe("NO_TRUSTED_ROOTS");
    }
  });

  test("unsigned is taken only where that was allowed, and a wrong signature not even there", () => {
    const unsigned = unsignedRelease(fleet.manifest());
    const forged = new SignedFleet().sign(fleet.manifest());
    const open = fleet.verifyOptions({ acceptUnsigned: true });
    expect(reasonOf(() => verifyRelease(unsigned, fleet.verifyOptions()))).toBe("NOT_SIGNED");
    expect(reasonOf(() => verifyRelease(unsigned, open))).toBeNull();
    expect(reasonOf(() => verifyRelease(forged, open))).toBe("KEYSET_INVALID");
  });

  test("a manifest that has expired installs nothing anew; neither does one from the future", () => {
    const reason = (changes: Partial<ReleaseManifest>) =>
      reasonOf(() => verifyRelease(fleet.sign(fleet.manifest(changes)), fleet.verifyOptions()));
    expect(reason({ createdAt: 1, expiresAt: now })).toBe("MANIFEST_EXPIRED");
    expect(reason({ createdAt: 1, expiresAt: now + 1 })).toBeNull();
    expect(reason({ createdAt: now + 3 * DAY })).toBe("CLOCK_BEHIND");
    // A clock that is a day behind, as after a journey, stops nothing.
    expect(reason({ createdAt: now + DAY })).toBeNull();
  });

  test("a clock that is set back brings back nothing that has expired", () => {
    const state = stateAfter(fleet.manifest({ createdAt: now - DAY }));
    const old = fleet.sign(fleet.manifest({ seq: 8, createdAt: 1, expiresAt: now - 2 * DAY }));
    const keyset = fleet.signKeyset({ expiresAt: now - 2 * DAY });
    const lapsed = fleet.sign(fleet.manifest({ seq: 8 }), { keyset });
    const options = fleet.verifyOptions({ state, now: now - 30 * DAY });
    expect(reasonOf(() => verifyRelease(old, options))).toBe("MANIFEST_EXPIRED");
    expect(reasonOf(() => verifyRelease(lapsed, options))).toBe("KEYSET_EXPIRED");
  });

  test("a binary that was revoked once stays so, whoever points at it later", () => {
    const bad = rawArtifact("bad");
    const state = stateAfter(fleet.manifest({ revoked: [bad.sha256] }));
    const back = fleet.manifest({ seq: 8, artifacts: { "darwin-arm64": bad } });
    const options = fleet.verifyOptions({ state });
    expect(reasonOf(() => verifyRelease(fleet.sign(back), options))).toBe("REVOKED");
  });

  test("an upstream tag that names another commit than before is refused", () => {
    const upstream = { url: "https://github.com/nats-io/nats-server", tag: "v2.10.25" };
    const before = { ...upstream, oid: "a".repeat(40) };
    const state = stateAfter(fleet.manifest({ upstream: before }));
    const reason = (oid: string, tag: string | null = upstream.tag) => {
      const manifest = fleet.manifest({ seq: 8, upstream: { ...upstream, tag, oid } });
      return reasonOf(() => verifyRelease(fleet.sign(manifest), fleet.verifyOptions({ state })));
    };
    expect(reason("b".repeat(40))).toBe("TAG_MOVED");
    expect(reason("a".repeat(40))).toBeNull();
    expect(reason("b".repeat(40), "v2.10.26")).toBeNull();
    expect(reason("b".repeat(40), null)).toBeNull();
  });
});

describe("row 12: a release with a signature that does not hold is refused, and the state stays", () => {
  const manifest = fleet.manifest();
  const good = fleet.sign(manifest);
  const [root, otherRoot] = fleet.roots;
  const [releaseKey, otherReleaseKey] = fleet.releaseKeys;
  if (!root || !otherRoot || !releaseKey || !otherReleaseKey) throw new Error("two of each");
  const stranger = generateKey();
  const seen = stateAfter(fleet.manifest({ seq: 6 }));
  const withKeyset = (...changes: Parameters<typeof fleet.signKeyset>) =>
    fleet.sign(manifest, { keyset: fleet.signKeyset(...changes) });

  test.each<[string, ReasonCode, () => unknown]>([
    ["a wrong key", "SIGNATURE_INVALID", () => fleet.sign(manifest, { releaseKeys: [stranger] })],
    [
      "a wrong key under the right key's id",
      "SIGNATURE_INVALID",
      () => {
        const [forged] = signText("manifest", good.manifest, [stranger]);
        return { ...good, signatures: [{ keyId: releaseKey.keyId, value: forged?.value }] };
      },
    ],
    ["no signature of a release key", "SIGNATURE_INVALID", () => ({ ...good, signatures: [] })],
    ["no signature at all", "NOT_SIGNED", () => unsignedRelease(manifest)],
    ["no keyset", "KEYSET_INVALID", () => ({ ...good, keyset: "" })],
    ["no signature of a root", "KEYSET_INVALID", () => ({ ...good, keysetSignatures: [] })],
    ["one root of the two that are needed", "KEYSET_INVALID", () => withKeyset({}, [root])],
    [
      "one root twice",
      "MANIFEST_INVALID",
      () => {
        const [signature] = good.keysetSignatures;
        return { ...good, keysetSignatures: [signature, signature] };
      },
    ],
    [
      "one root under two ids",
      "KEYSET_INVALID",
      () => {
        const [signature] = good.keysetSignatures;
        const twin = { ...signature, keyId: otherRoot.keyId };
        return { ...good, keysetSignatures: [signature, twin] };
      },
    ],
    ["strangers as roots", "KEYSET_INVALID", () => withKeyset({}, [stranger, generateKey()])],
    [
      "a keyset that the release keys have signed",
      "KEYSET_INVALID",
      () => withKeyset({ releaseKeys: [stranger.publicKey] }, [releaseKey, otherReleaseKey]),
    ],
    [
      "a manifest that a root has signed",
      "SIGNATURE_INVALID",
      () => fleet.sign(manifest, { releaseKeys: [root, otherRoot] }),
    ],
    [
      "a keyset that makes a root a release key",
      "KEYSET_INVALID",
      () => {
        const keyset = JSON.stringify(fleet.keyset({ releaseKeys: [root.publicKey] }));
        const keysetSignatures = signText("keyset", keyset, fleet.roots);
        return fleet.sign(manifest, { releaseKeys: [root], keyset: { keyset, keysetSignatures } });
      },
    ],
    [
      "a signature over another kind of text",
      "SIGNATURE_INVALID",
      () => ({ ...good, signatures: signText("keyset", good.manifest, [releaseKey]) }),
    ],
    [
      "the text alone signed, without its kind and length",
      "SIGNATURE_INVALID",
      () => {
        const [, , ...rest] = good.manifest.split("");
        return { ...good, signatures: signText("manifest", rest.join(""), [releaseKey]) };
      },
    ],
    [
      "the signature of another release",
      "SIGNATURE_INVALID",
      () => ({ ...good, signatures: fleet.sign(fleet.manifest({ seq: 8 })).signatures }),
    ],
    [
      "the signatures of roots over another keyset",
      "KEYSET_INVALID",
      () => ({ ...good, keysetSignatures: fleet.signKeyset({ version: 2 }).keysetSignatures }),
    ],
    ["an expired keyset", "KEYSET_EXPIRED", () => withKeyset({ expiresAt: now })],
    [
      "a keyset for whom two keys must sign, and one has",
      "SIGNATURE_INVALID",
      () => withKeyset({ threshold: 2 }),
    ],
    [
      "a manifest cut short",
      "SIGNATURE_INVALID",
      () => ({ ...good, manifest: good.manifest.slice(0, -1) }),
    ],
    [
      "a manifest in another layout",
      "SIGNATURE_INVALID",
      () => ({ ...good, manifest: JSON.stringify(manifest, null, 2) }),
    ],
    [
      "a keyset in another layout",
      "KEYSET_INVALID",
      () => ({ ...good, keyset: JSON.stringify(fleet.keyset(), null, 2) }),
    ],
    ["something that is no release", "MANIFEST_INVALID", () => ({ manifest: {} })],
    [
      "a manifest that is signed and makes no sense",
      "MANIFEST_INVALID",
      () => {
        const text = JSON.stringify({ ...manifest, seq: -1 });
        return { ...good, manifest: text, signatures: signText("manifest", text, [releaseKey]) };
      },
    ],
  ])("%s: %s", (_, reason, forge) => {
    const before = structuredClone(seen);
    const options = fleet.verifyOptions({ state: seen });
    expect(reasonOf(() => verifyRelease(forge() as typeof good, options))).toBe(reason);
    expect(seen).toEqual(before);
  });

  test("a revoked key signs nothing for a machine that has seen the newer keyset", () => {
    const renewed = fleet.signKeyset({ version: 2, releaseKeys: [otherReleaseKey.publicKey] });
    const newer = fleet.sign(manifest, { keyset: renewed, releaseKeys: [otherReleaseKey] });
    const state = advanceTrust(EMPTY_TRUST, newer);
    const next = fleet.manifest({ seq: 8 });
    const options = fleet.verifyOptions({ state });
    const withOldKeyset = fleet.sign(next, { releaseKeys: [releaseKey] });
    const withNewKeyset = fleet.sign(next, { keyset: renewed, releaseKeys: [releaseKey] });
    expect(reasonOf(() => verifyRelease(withOldKeyset, options))).toBe("KEYSET_TOO_OLD");
    expect(reasonOf(() => verifyRelease(withNewKeyset, options))).toBe("SIGNATURE_INVALID");
  });
});

describe("row 13: what is older than what was seen is refused", () => {
  const state = stateAfter(fleet.manifest({ seq: 7 }));
  const options = fleet.verifyOptions({ state });

  test("an older release with a valid signature is a downgrade", () => {
    const older = fleet.sign(fleet.manifest({ seq: 6, version: "2.10.24" }));
    expect(reasonOf(() => verifyRelease(older, options))).toBe("DOWNGRADE");
  });

  test("the same release again is taken, another one under its number is not", () => {
    const same = fleet.sign(fleet.manifest({ seq: 7 }));
    const other = fleet.sign(fleet.manifest({ seq: 7, version: "2.10.99" }));
    expect(reasonOf(() => verifyRelease(same, options))).toBeNull();
    expect(reasonOf(() => verifyRelease(other, options))).toBe("SEQ_REUSED");
  });

  test("the order of one subsystem says nothing of another", () => {
    const arc = fleet.sign(fleet.manifest({ subsystem: "arc", seq: 1 }));
    const expected = { subsystem: "arc" };
    expect(reasonOf(() => verifyRelease(arc, { ...options, expected }))).toBeNull();
  });

  test.each([
    [
      "the host is stuck while the ledger moved on",
      { ledger: 8, host: 7, seen: 7 },
      "release host",
    ],
    [
      "the host is stuck behind what this machine has seen",
      { ledger: null, host: 6, seen: 7 },
      "release host",
    ],
    [
      "the ledger is stuck behind what this machine has seen",
      { ledger: 6, host: 8, seen: 7 },
      "ledger",
    ],
    ["both are stuck", { ledger: 6, host: 6, seen: 7 }, "release host"],
  ])("%s: freeze alarm", (_, seqs, name) => {
    const alarm = freezeAlarm({ subsystem: "nats", ...seqs });
    expect(alarm).toBeInstanceOf(SyncError);
    expect(alarm).toMatchObject({ reason: "FREEZE", message: expect.stringContaining(name) });
  });

  test.each([
    ["both agree", { ledger: 7, host: 7, seen: 7 }],
    ["the host was given the next release already", { ledger: 7, host: 8, seen: 7 }],
    ["nobody says anything", { ledger: null, host: null, seen: 7 }],
    ["this machine is new", { ledger: 7, host: 7, seen: 0 }],
  ])("%s: no alarm", (_, seqs) => {
    expect(freezeAlarm({ subsystem: "nats", ...seqs })).toBeNull();
  });
});

describe("row 14: going back on purpose", () => {
  const older = rawArtifact("2.10.24");
  const newer = rawArtifact("2.10.25");
  const state = stateAfter(
    fleet.manifest({ seq: 6, version: "2.10.24", artifacts: { "linux-x64-glibc": older } }),
    fleet.manifest({ seq: 7, version: "2.10.25", artifacts: { "linux-x64-glibc": newer } }),
  );
  const revert = fleet.manifest({
    ...{ seq: 8, version: "2.10.24", reverts: 6 },
    artifacts: { "linux-x64-glibc": older },
  });

  test("a higher number that points at older bytes is taken, and says what it reverts to", () => {
    const taken = verifyRelease(fleet.sign(revert), fleet.verifyOptions({ state }));
    expect(taken).toMatchObject({ seq: 8, reverts: 6, version: "2.10.24" });
    expect(taken.artifacts["linux-x64-glibc"]?.binary.sha256).toBe(older.sha256);
  });

  test("after it, the release that was reverted is a downgrade", () => {
    const after = advanceTrust(state, fleet.sign(revert));
    const reverted = fleet.sign(
      fleet.manifest({ seq: 7, artifacts: { "linux-x64-glibc": newer } }),
    );
    const options = fleet.verifyOptions({ state: after });
    expect(reasonOf(() => verifyRelease(reverted, options))).toBe("DOWNGRADE");
  });

  test("a revert that nobody signed is none", () => {
    const release = { ...fleet.sign(revert), signatures: fleet.sign(fleet.manifest()).signatures };
    const options = fleet.verifyOptions({ state });
    expect(reasonOf(() => verifyRelease(release, options))).toBe("SIGNATURE_INVALID");
  });
});
