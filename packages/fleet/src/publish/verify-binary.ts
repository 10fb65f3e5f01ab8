/** Says what the binaries on this machine are, by their bytes: for `tideline-sync verify`. */
import { basename, dirname, join } from "node:path";
import type { ReasonCode, ReleaseManifest } from "@tideline/version/fleet";
import type { SubsystemConfig } from "../config/sync-config.js";
import { nextStepOf } from "../next-step.js";
import { hashLive } from "../swap/read-live.js";
import { readVersionFile, type VersionFile } from "../swap/version-file.js";

/**
 * ```text
 * ok             `.version` tells the truth, and no signed release says otherwise
 * not-installed  neither binary nor `.version`
 * drifted        the bytes of a signed release, but not of the one that is said to be there
 * damaged        bytes that nobody has signed or noted, or none where `.version` notes some
 * unknown        no `.version`, and no release to compare with
 * ```
 */
export type BinaryState = "ok" | "not-installed" | "drifted" | "damaged" | "unknown";

/** What one binary is. */
export interface VerifiedBinary {
  readonly subsystem: string;
  readonly path: string;
  readonly state: BinaryState;
  /** Of the bytes that lie there now; null if there are none. */
  readonly sha256: string | null;
  /** What each of them says that it should be; null where it says nothing. */
  readonly expected: {
    readonly versionFile: string | null;
    /** The signed release with the `seq` of `.version`. */
    readonly release: string | null;
  };
  /** As `.version` says. */
  readonly version: string | null;
  readonly seq: number | null;
  /** The kept binary before it: whether its own `.version` tells the truth. */
  readonly previous: "ok" | "none" | "damaged";
  /** One sentence; null if there is nothing to say. */
  readonly detail: string | null;
  readonly reason: ReasonCode | null;
  readonly nextStep: string | null;
}

/**
 * Computes the sha256 of a subsystem's live and kept binary and compares them with everything that is
 * known of them. Changes nothing.
 *
 * @param releases Manifests of the subsystem whose signatures hold, in any order.
 * @param platform Of this machine.
 */
export async function verifyBinary(
  subsystem: SubsystemConfig,
  releases: readonly ReleaseManifest[],
  platform: string,
): Promise<VerifiedBinary> {
  const path = subsystem.binary;
  const reading = await readVersionFile(dirname(path));
  const file = reading.state === "read" ? reading.file : null;
  const sha256 = await hashOf(path);
  const sha256In = ({ artifacts }: ReleaseManifest) => artifacts[platform]?.binary.sha256 ?? null;
  const named = releases.find(({ seq }) => seq === file?.seq);
  const release = named === undefined ? null : sha256In(named);
  const same = releases.find((one) => sha256 !== null && sha256In(one) === sha256) ?? null;
  const previous = await verifyPrevious(path);
  const verdict = judge({ sha256, reading: reading.state, file, release, same });
  const reason = verdict.reason ?? (previous === "damaged" ? "PREVIOUS_DAMAGED" : null);
  return {
    ...{ subsystem: subsystem.name, path, state: verdict.state, sha256, previous, reason },
    expected: { versionFile: file?.checksum ?? null, release },
    ...{ version: file?.version ?? null, seq: file?.seq ?? null },
    detail:
      verdict.detail ??
      (previous === "damaged" ? "The kept binary is not what its .version says" : null),
    nextStep: reason === null ? null : nextStepOf(reason, subsystem.name),
  };
}

interface Evidence {
  readonly sha256: string | null;
  readonly reading: "read" | "absent" | "unreadable";
  readonly file: VersionFile | null;
  /** What the release that `.version` names was signed with. */
  readonly release: string | null;
  /** A release that has these very bytes. */
  readonly same: ReleaseManifest | null;
}

interface Verdict {
  readonly state: BinaryState;
  readonly reason: ReasonCode | null;
  readonly detail: string | null;
}

function judge({ sha256, reading, file, release, same }: Evidence): Verdict {
  const say = (state: BinaryState, reason: ReasonCode | null, detail: string | null): Verdict => ({
    ...{ state, reason, detail },
  });
  if (sha256 === null) {
    return reading === "absent"
      ? say("not-installed", null, null)
      : say("damaged", "DAMAGED", "Its .version is there, and it is not");
  }
  if (file === null) {
    const lacks = reading === "absent" ? "It has no .version" : "Its .version cannot be read";
    return same === null
      ? say("unknown", "UNKNOWN_BINARY", lacks)
      : say("drifted", "DRIFTED", `${lacks}; its bytes are those of release ${same.seq}`);
  }
  if (file.checksum !== sha256) {
    return same === null
      ? say(
          "damaged",
          "DAMAGED",
          "Its bytes are neither what .version says nor any known release's",
        )
      : say(
          "drifted",
          "DRIFTED",
          `Its bytes are those of release ${same.seq} (${same.version}), .version says ${file.version}`,
        );
  }
  if (release !== null && release !== sha256) {
    // Somebody has replaced the binary and its .version: only the signature still tells.
    return same === null
      ? say("damaged", "DAMAGED", `Release ${file.seq} was signed with other bytes`)
      : say("drifted", "DRIFTED", `Its bytes are those of release ${same.seq}, not of ${file.seq}`);
  }
  return say("ok", null, null);
}

async function verifyPrevious(path: string): Promise<VerifiedBinary["previous"]> {
  const folder = join(dirname(path), ".previous");
  const sha256 = await hashOf(join(folder, basename(path)));
  const reading = await readVersionFile(folder);
  if (sha256 === null && reading.state === "absent") return "none";
  return reading.state === "read" && reading.file.checksum === sha256 ? "ok" : "damaged";
}

async function hashOf(path: string): Promise<string | null> {
  return (await hashLive(path))?.sha256 ?? null;
}

/** Whether it is what it should be. */
export function isAsItShould({ state, previous }: VerifiedBinary): boolean {
  return (state === "ok" || state === "not-installed") && previous !== "damaged";
}
