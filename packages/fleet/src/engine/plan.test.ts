import { rawArtifact, SignedFleet } from "@tideline/testing/signed-fleet";
import type { FleetRollout, FleetTarget, ReleaseManifest } from "@tideline/version/fleet";
import { platformKey } from "@tideline/version/fleet";
import { describe, expect, test } from "vitest";
import type { SubsystemConfig } from "../config/sync-config.js";
import type { LiveBinary } from "../swap/read-live.js";
import { SyncError } from "../sync-error.js";
import { verifyRelease } from "../trust/verify-release.js";
import { type PlanFacts, plan } from "./plan.js";

const fleet = new SignedFleet();
const NOW = fleet.now;
const PLATFORM = platformKey({ os: "linux", arch: "x64", libc: "glibc" });
const LIVE_SHA256 = "1".repeat(64);

const SUBSYSTEM: SubsystemConfig = {
  ...{ name: "nats", upstream: null, override: null, source: null, binary: "/srv/nats/.bin/nats" },
  package: { format: "raw", fileName: "nats" },
  ...{ versionArgs: ["--version"], service: "nats", automatic: null, minimumAgeMs: 0 },
  health: { readyTimeoutMs: 1, soakMs: 1, check: null },
  window: null,
};

/** It has asked before it named a release. */
const LEDGER = { ledgerAsks: true, hasLedger: true };

/** As somebody wrote it down, or not. */
const automatic = (automatic: SubsystemConfig["automatic"]) => ({
  subsystem: { ...SUBSYSTEM, automatic },
});

function named(seq: number, change: Partial<ReleaseManifest> = {}) {
  const artifacts = { [PLATFORM]: rawArtifact(`nats ${seq}`) };
  const manifest = fleet.manifest({ seq, version: `2.10.${seq}`, artifacts, ...change });
  return { release: fleet.sign(manifest), seq, version: manifest.version };
}

const UNKNOWN: LiveBinary = {
  ...{ state: "unknown", sha256: "2".repeat(64), size: 1, problem: "it has no .version" },
};
const DRIFTED: LiveBinary = {
  ...{ state: "drifted", sha256: "2".repeat(64), size: 1 },
  version: { commit: null, timestamp: 0, checksum: LIVE_SHA256, version: "2.10.5", seq: 5 },
};

/** A try in vain of a release, so long ago. */
function tried(seq: number, agoMs: number, reason: string | null = null) {
  return { at: NOW - agoMs, seq, sha256: sha256Of(seq), reason };
}

/** Release 7's binary, refused before its swap for what it said, or did not say. */
function notSaid(version: string, versionArgs: readonly string[] = SUBSYSTEM.versionArgs) {
  const denial = { subsystem: "nats", version, reason: "EXEC_WRONG_VERSION", at: 0 } as const;
  return { [sha256Of(7)]: { ...denial, versionArgs } };
}

const sha256Of = (seq: number) => rawArtifact(`nats ${seq}`).binary.sha256;

function target(
  settled: FleetTarget["settled"],
  rollout: Partial<FleetRollout> & Partial<NonNullable<FleetTarget["settled"]>> = {},
): FleetTarget {
  const way: FleetRollout | null =
    rollout.release === undefined
      ? null
      : {
          ...{ mode: "running", openTo: 1, canaries: [], startedAt: 10, ring: 1 },
          ...(rollout as FleetRollout),
        };
  return { channel: "stable", subsystem: "nats", generation: 1, settled, rollout: way };
}

/** A machine that runs release 5 and is asked for release 7. */
function facts(change: Partial<PlanFacts> = {}): PlanFacts {
  const checksum = LIVE_SHA256;
  return {
    ...{ subsystem: SUBSYSTEM, target: target(named(7)), pin: null, denied: {}, tries: [] },
    live: {
      ...{ state: "known", sha256: checksum, size: 1 },
      version: { commit: null, timestamp: 0, checksum, version: "2.10.5", seq: 5 },
    },
    place: { machineId: "m1", enrolledAt: 0, bucket: 0.5 },
    ...{ rejected: new Set<number>(), isAsked: false, replaces: false },
    ...{
      approved: new Set<number>(),
      ledgerAsks: false,
      hasLedger: false,
      platform: PLATFORM,
      syncVersion: "0.1.0",
      now: NOW,
    },
    isUrgent: false,
    verify: (release, expected) => verifyRelease(release, fleet.verifyOptions({ expected })),
    ...change,
  };
}

/** The action, or the reason against it. */
function decision(change: Partial<PlanFacts>): string {
  const planned = plan(facts(change));
  return "reason" in planned ? `${planned.action} ${planned.reason}` : planned.action;
}

describe("plan()", () => {
  const seven = named(7);
  const place = { machineId: "m1", enrolledAt: 0, bucket: 0.5 };
  const cases: [string, Partial<PlanFacts>, string][] = [
    ["a newer settled release", {}, "install"],
    ["no target", { target: null }, "nothing"],
    ["a target that names nothing yet", { target: target(null) }, "nothing"],
    ["the number that runs", { target: target(named(5)) }, "nothing"],
    ["a lower number, without a rollout", { target: target(named(4)) }, "refuse DOWNGRADE"],
    [
      "a lower number, to a machine that went with a rollout that was replaced",
      { target: target(named(4), { ...named(6), mode: "halted" }) },
      "wait HALTED",
    ],
    ["an open ring", { target: target(named(5), seven) }, "install"],
    [
      "a ring that ends before its bucket",
      { target: target(named(5), { ...seven, openTo: 0.5 }) },
      "wait NOT_YET_REACHED",
    ],
    [
      "canaries with it among them",
      { target: target(named(5), { ...seven, openTo: 0, canaries: ["m1"], ring: 0 }) },
      "install",
    ],
    [
      "canaries without it",
      { target: target(named(5), { ...seven, openTo: 0, canaries: ["m2"], ring: 0 }) },
      "wait NOT_YET_REACHED",
    ],
    [
      "nine tenths, but it enrolled later than the rollout began",
      {
        target: target(named(5), { ...seven, openTo: 0.9 }),
        place: { ...place, enrolledAt: 11 },
      },
      "wait NOT_YET_REACHED",
    ],
    [
      "a rollout, not enrolled",
      { target: target(named(5), seven), place: null },
      "wait NOT_YET_REACHED",
    ],
    [
      "a paused rollout and something settled that is newer than what runs",
      { target: target(named(6), { ...seven, mode: "paused" }) },
      "install",
    ],
    ["a paused rollout", { target: target(named(5), { ...seven, mode: "paused" }) }, "wait PAUSED"],
    ["a halted rollout", { target: target(named(5), { ...seven, mode: "halted" }) }, "wait HALTED"],
    [
      "a rollout that waits for somebody",
      { target: target(named(5), { ...seven, mode: "waiting-for-approval" }) },
      "wait WAITING_FOR_APPROVAL",
    ],
    ["a rollout that it runs", { target: target(null, named(5)) }, "nothing"],
    ["a binary without .version", { live: UNKNOWN }, "refuse UNKNOWN_BINARY"],
    ["no binary", { live: { state: "absent" } }, "install"],
    [
      "the same bytes under a higher number",
      {
        live: {
          state: "known",
          sha256: sha256Of(7),
          size: 1,
          version: { commit: null, timestamp: 0, checksum: sha256Of(7), version: "2.10.7", seq: 6 },
        },
      },
      "relabel",
    ],
    ["another platform", { platform: "linux-arm64-musl" }, "refuse NO_ARTIFACT"],
    [
      "denied bytes",
      { denied: { [sha256Of(7)]: { subsystem: "nats", version: "x", reason: "EXITED", at: 0 } } },
      "refuse DENIED",
    ],
    [
      "bytes that did not say this version when they were asked",
      { denied: notSaid("2.10.7") },
      "refuse DENIED",
    ],
    ["bytes that did not say another version", { denied: notSaid("2.10.9") }, "install"],
    [
      "bytes that were asked with other arguments",
      { denied: notSaid("2.10.7", ["--nope"]) },
      "install",
    ],
    [
      "bytes that somebody wants to be asked now",
      { denied: notSaid("2.10.7"), isUrgent: true },
      "install",
    ],
    [
      "a newer tideline-sync needed",
      { target: target(named(7, { minSync: "0.2.0" })) },
      "refuse SYNC_TOO_OLD",
    ],
    ["a pin", { pin: { why: "rollback", version: "2.10.5", at: 0 } }, "wait PINNED"],
    [
      "a pin on what it runs",
      { pin: { why: "asked", version: null, at: 0 }, target: target(named(5)) },
      "nothing",
    ],
    [
      "a major step",
      { target: target(named(7, { updateClass: "major" })) },
      "wait WAITING_FOR_APPROVAL",
    ],
    [
      "a major step that somebody let go",
      { target: target(named(7, { updateClass: "major" })), approved: new Set([7]) },
      "install",
    ],
    [
      "a major step that the ledger let go",
      { target: target(named(7, { updateClass: "major" })), ...LEDGER },
      "install",
    ],
    [
      "a minor step that the ledger has let go, where `automatic` is patch",
      {
        target: target(named(7, { updateClass: "minor" })),
        ...LEDGER,
        ...automatic("patch"),
      },
      "wait HELD_HERE",
    ],
    [
      "a major step that the ledger has let go, where `automatic` is minor",
      {
        target: target(named(7, { updateClass: "major" })),
        ...LEDGER,
        ...automatic("minor"),
      },
      "wait HELD_HERE",
    ],
    [
      "anything that the ledger has let go, where `automatic` is none",
      { ...LEDGER, ...automatic("none") },
      "wait HELD_HERE",
    ],
    [
      "the same, let go on this machine",
      { ...LEDGER, ...automatic("none"), approved: new Set([7]) },
      "install",
    ],
    [
      "a major step past a ledger that is not asked",
      { target: target(named(7, { updateClass: "major" })), hasLedger: true },
      "wait HELD_HERE",
    ],
    [
      "a release that the ledger has let go and somebody rejected here",
      { ...LEDGER, rejected: new Set([7]) },
      "wait REJECTED",
    ],
    [
      "a patch that is a major step for who missed some",
      { target: target(named(7, { version: "3.0.1" })) },
      "wait WAITING_FOR_APPROVAL",
    ],
    [
      "a version that cannot be compared",
      { target: target(named(7, { version: "nightly-7" })) },
      "wait WAITING_FOR_APPROVAL",
    ],
    [
      "a minor step where only patches are automatic",
      {
        target: target(named(7, { updateClass: "minor" })),
        subsystem: { ...SUBSYSTEM, automatic: "patch" },
      },
      "wait WAITING_FOR_APPROVAL",
    ],
    [
      "a patch where nothing is automatic",
      { subsystem: { ...SUBSYSTEM, automatic: "none" } },
      "wait WAITING_FOR_APPROVAL",
    ],
    [
      "a revert by a major step",
      { target: target(named(7, { updateClass: "major", version: "1.0.0", reverts: 3 })) },
      "install",
    ],
    ["a try of nine minutes ago", { tries: [tried(7, 540_000)] }, "wait TOO_MANY_ATTEMPTS"],
    ["a try of ten minutes ago", { tries: [tried(7, 600_000)] }, "install"],
    ["a try of a minute ago, and --now", { tries: [tried(7, 60_000)], isUrgent: true }, "install"],
    ["tries of the release before", { tries: [tried(6, 2), tried(6, 1)] }, "install"],
    [
      "a try of a minute ago that the host was to blame for",
      { tries: [tried(7, 60_000, "CHECKSUM_MISMATCH")] },
      "wait TOO_MANY_ATTEMPTS",
    ],
    [
      "the same, and a person asks for it by name",
      { tries: [tried(7, 60_000, "CHECKSUM_MISMATCH")], isAsked: true },
      "install",
    ],
    [
      "a try of a minute ago that the release was to blame for, and a person asks",
      { tries: [tried(7, 60_000, "ARCHIVE_INVALID")], isAsked: true },
      "wait TOO_MANY_ATTEMPTS",
    ],
    ["a release that somebody rejected", { rejected: new Set([7]) }, "wait REJECTED"],
    ["a release after the rejected one", { rejected: new Set([6]) }, "install"],
    ["a drifted binary", { live: DRIFTED }, "refuse DRIFTED"],
    ["a drifted binary, and no release", { live: DRIFTED, target: null }, "refuse DRIFTED"],
    ["a drifted binary that is replaced", { live: DRIFTED, replaces: true }, "install"],
    [
      "a drifted binary that is replaced by the release that .version names",
      { live: DRIFTED, replaces: true, target: target(named(5)) },
      "install",
    ],
    [
      "a drifted binary that is replaced by a major step",
      { live: DRIFTED, replaces: true, target: target(named(7, { version: "3.0.0" })) },
      "wait WAITING_FOR_APPROVAL",
    ],
    ["a binary without .version that is replaced", { live: UNKNOWN, replaces: true }, "install"],
    [
      "a drifted binary that nothing can replace",
      { live: DRIFTED, replaces: true, target: null },
      "refuse RELEASE_NOT_FOUND",
    ],
  ];
  test.each(cases)("%s -> %s", (_, change, expected) => {
    // The second placeholder shows the facts; the expected answer is the assertion.
    expect(decision(change)).toBe(expected);
  });

  test("outside the window it says when that opens, and --now goes all the same", () => {
    const at = new Date(NOW);
    const hours = (more: number) => String((at.getHours() + more) % 24).padStart(2, "0");
    const subsystem = { ...SUBSYSTEM, window: `${hours(2)}:00-${hours(4)}:00` };
    const planned = plan(facts({ subsystem }));
    expect(planned).toMatchObject({ action: "wait", reason: "OUTSIDE_WINDOW" });
    const opens = new Date("until" in planned ? (planned.until ?? 0) : 0);
    expect(opens.getTime()).toBeGreaterThan(NOW);
    expect(opens.getHours()).toBe((at.getHours() + 2) % 24);
    expect(decision({ subsystem, isUrgent: true })).toBe("install");
  });

  test("a release that is not believed is refused with the reason of the verification", () => {
    const verify = () => {
      throw new SyncError("SIGNATURE_INVALID", "Cannot verify release");
    };
    expect(decision({ verify })).toBe("refuse SIGNATURE_INVALID");
  });

  test("what is not asked for is not verified, and says nothing", () => {
    const verify = () => {
      throw new SyncError("MANIFEST_EXPIRED", "Cannot take release");
    };
    expect(decision({ verify, target: target(named(5)) })).toBe("nothing");
  });
});
