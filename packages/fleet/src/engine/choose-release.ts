import {
  type FleetRollout,
  type FleetTarget,
  mayStart,
  type ReasonCode,
  type SignedRelease,
} from "@tideline/version/fleet";

/** The machine as the rings see it; see {@link mayStart}. */
export interface RingPlace {
  readonly machineId: string;
  /** ms since epoch, by the ledger's clock. */
  readonly enrolledAt: number;
  /** `bucketOf` it, the subsystem and the rollout's version. */
  readonly bucket: number;
}

/** What a target asks of this machine now. */
export type Choice =
  | {
      readonly kind: "candidate";
      readonly release: SignedRelease;
      readonly seq: number;
      readonly version: string;
    }
  | { readonly kind: "nothing"; readonly seq: number | null; readonly version: string | null }
  | {
      readonly kind: "wait";
      readonly reason: ReasonCode;
      readonly detail: string;
      readonly seq: number;
      readonly version: string;
    }
  | {
      readonly kind: "refuse";
      readonly reason: ReasonCode;
      readonly detail: string;
      readonly seq: number;
      readonly version: string;
    };

/**
 * Chooses between what is on its way and what has settled. Pure, and it believes the ledger's numbers:
 * whether the release is what the ledger says it is comes afterwards.
 *
 * - A rollout that is open to this machine is the candidate.
 * - Else what has settled is, as long as it is newer than what runs: a machine that went with a ring
 *   that was halted since stays where it is.
 * - A ledger that names something older than what runs, and no rollout that would explain it, wants a
 *   downgrade. A way back on purpose is a release with a higher `seq`.
 *
 * @param liveSeq Of the live binary; null if there is none, or nobody has numbered it.
 * @param place Null for a machine that is not enrolled: no ring is open to it.
 */
export function chooseRelease(
  { settled, rollout }: Pick<FleetTarget, "settled" | "rollout">,
  liveSeq: number | null,
  place: RingPlace | null,
): Choice {
  const running = liveSeq ?? -1;
  if (rollout !== null && rollout.seq > running && place !== null && mayStart(rollout, place)) {
    return candidate(rollout);
  }
  if (settled !== null && settled.seq > running) return candidate(settled);
  if (rollout !== null && rollout.seq > running) {
    const { seq, version } = rollout;
    return { kind: "wait", ...whyNotYet(rollout), seq, version };
  }
  if (settled !== null && rollout === null && settled.seq < running) {
    const { seq, version } = settled;
    const detail = `Cannot go from release ${running} to release ${seq}: expected a higher number`;
    return { kind: "refuse", reason: "DOWNGRADE", detail, seq, version };
  }
  const newest = rollout ?? settled;
  return { kind: "nothing", seq: newest?.seq ?? null, version: newest?.version ?? null };
}

function candidate({ release, seq, version }: NonNullable<FleetTarget["settled"]>): Choice {
  return { kind: "candidate", release, seq, version };
}

function whyNotYet({ mode, version }: FleetRollout): { reason: ReasonCode; detail: string } {
  switch (mode) {
    case "waiting-for-approval":
      return { reason: "WAITING_FOR_APPROVAL", detail: `${version} waits for somebody's approval` };
    case "paused":
      return { reason: "PAUSED", detail: `The rollout of ${version} is paused` };
    case "halted":
      return { reason: "HALTED", detail: `The rollout of ${version} was halted` };
    case "running":
    case "completed":
      return { reason: "NOT_YET_REACHED", detail: `The rollout of ${version} is not here yet` };
    default:
      return mode satisfies never;
  }
}
