import {
  type FleetAnswer,
  type ReleaseManifest,
  releaseStep,
  type SignedRelease,
} from "@tideline/version/fleet";
import type { FleetId, FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { findApproval, findRelease, findRollout, newestRollout } from "./find-rollout.js";
import { findRingTarget, refreshTarget } from "./refresh-target.js";
import { refuse } from "./refuse.js";
import { rolloutPolicy } from "./rollout-policy.js";
import { beginning, schedulePlan } from "./start-rollout.js";
import { supersedeOlder } from "./supersede.js";
import { writeAudit } from "./write-audit.js";

/** A release that somebody known publishes. */
export interface Publication {
  readonly channel: string;
  readonly release: SignedRelease;
  /** `release.manifest`, parsed. */
  readonly manifest: ReleaseManifest;
  readonly actor: string;
}

// One for each channel at most; where there are more, the bytes are kept once more.
const MAX_SAME_SEQ = 20;

/**
 * Takes a release into a channel: it begins to roll out, or waits for approval. The same bytes
 * again are answered as they stand, and change nothing.
 */
export async function publishRelease(
  ctx: FleetMutationCtx,
  publication: Publication,
): Promise<FleetAnswer> {
  const { channel, manifest, actor } = publication;
  const { subsystem, seq, version } = manifest;
  const target = { channel, subsystem };
  const there = await findRollout(ctx, { ...target, seq });
  const taken = there === null ? null : await ctx.db.get(there.releaseId);
  if (taken !== null && !isSame(taken.release, publication.release)) {
    return await refuse(ctx, publication, "SEQ_TAKEN", "was published with other bytes");
  }
  if (there !== null) {
    const generation = (await findRingTarget(ctx, target))?.generation ?? 0;
    return { ok: true, mode: there.mode, generation };
  }
  const problem = await findProblem(ctx, publication);
  if (problem !== null) return await refuse(ctx, publication, ...problem);

  const releaseId = (await findSame(ctx, publication)) ?? (await insertRelease(ctx, publication));
  const now = Date.now();
  const policy = rolloutPolicy();
  const isWaiting = await needsApproval(ctx, publication);
  const fields = {
    ...{ channel, subsystem, releaseId, seq, version, isCritical: manifest.isCritical, policy },
    ...{ publishedAt: now, ring: -1, canaries: [], nextStepAt: null },
  };
  const waiting = {
    ...{ mode: "waiting-for-approval" as const, startedAt: now, plan: null },
    note: "Somebody has to approve it",
  };
  const rolloutId = await ctx.db.insert("rollouts", {
    ...fields,
    ...(isWaiting ? waiting : beginning(policy)),
  });
  if (isWaiting) {
    await ctx.db.insert("approvals", {
      ...{ channel, subsystem, seq, version, state: "waiting", requestedAt: now },
      ...{ decidedAt: null, decidedBy: null, note: null },
    });
  }
  await writeAudit(ctx, { actor, action: "publish", ...target, seq, version });
  const rollout = (await ctx.db.get(rolloutId)) as FleetRow<"rollouts">;
  await supersedeOlder(ctx, rollout, actor);
  if (!isWaiting) await schedulePlan(ctx, rolloutId);
  // Before its machines are counted nobody may begin, so that nobody has to hear of it yet: what
  // all of a channel hear is the most of what a fleet costs.
  const shown = await findRingTarget(ctx, target);
  const isToBeTold = isWaiting || (shown !== null && shown.rollout !== null);
  const generation = isToBeTold ? await refreshTarget(ctx, target) : (shown?.generation ?? 0);
  return { ok: true, mode: rollout.mode, generation };
}

type Refusal = Parameters<typeof refuse>;

async function findProblem(
  ctx: FleetMutationCtx,
  { channel, manifest }: Publication,
): Promise<[code: Refusal[2], why: string] | null> {
  const { subsystem, seq, reverts } = manifest;
  const newest = await newestRollout(ctx, { channel, subsystem });
  if (newest !== null && newest.seq >= seq) {
    return ["SEQ_NOT_NEWER", `is not above ${newest.seq}, the newest in "${channel}"`];
  }
  if (manifest.expiresAt <= Date.now()) return ["MANIFEST_EXPIRED", "has expired"];
  if (reverts === null) return null;
  const old = await findRelease(ctx, { channel, subsystem, seq: reverts });
  if (old === null) {
    return ["REVERTS_UNKNOWN", `goes back to ${reverts}, which was never in "${channel}"`];
  }
  const isOther = Object.entries(binariesOf(manifest)).some(
    ([platform, sha256]) => old.binaries[platform] !== sha256,
  );
  return isOther
    ? ["REVERTS_OTHER_BYTES", `goes back to ${reverts}, and has other binaries than it`]
    : null;
}

/**
 * A step that may break something needs a person: a major one by the publisher's word or by the
 * versions themselves, and one between versions that cannot be compared. To go back to what was let
 * through before needs nobody, and neither does the next commit of a branch.
 */
async function needsApproval(
  ctx: FleetMutationCtx,
  { channel, manifest }: Publication,
): Promise<boolean> {
  const { subsystem, reverts } = manifest;
  if (reverts !== null) {
    const approval = await findApproval(ctx, { channel, subsystem, seq: reverts });
    if (approval === null || approval.state === "approved") return false;
  }
  if (manifest.updateClass === "major") return true;
  const settledId = (await findRingTarget(ctx, { channel, subsystem }))?.settledId ?? null;
  const settled = settledId === null ? null : await ctx.db.get(settledId);
  if (settled === null) return false;
  const step = releaseStep(settled.version, manifest);
  return step === null || step === "major";
}

/** Finds the very same bytes, which another channel has had before. */
async function findSame(
  ctx: FleetMutationCtx,
  { release, manifest: { subsystem, seq } }: Publication,
): Promise<FleetId<"releases"> | null> {
  const rows = await ctx.db
    .query("releases")
    .withIndex("by_seq", (q) => q.eq("subsystem", subsystem).eq("seq", seq))
    .take(MAX_SAME_SEQ);
  return rows.find((row) => isSame(row.release, release))?._id ?? null;
}

async function insertRelease(
  ctx: FleetMutationCtx,
  { release, manifest }: Publication,
): Promise<FleetId<"releases">> {
  const { subsystem, seq, version, isCritical, reverts, expiresAt } = manifest;
  return await ctx.db.insert("releases", {
    ...{ subsystem, seq, version, isCritical, reverts, expiresAt },
    updateClass: manifest.updateClass,
    binaries: binariesOf(manifest),
    release: {
      ...release,
      signatures: [...release.signatures],
      keysetSignatures: [...release.keysetSignatures],
    },
    publishedAt: Date.now(),
  });
}

function binariesOf({ artifacts }: ReleaseManifest): Record<string, string> {
  const entries = Object.entries(artifacts);
  return Object.fromEntries(entries.map(([platform, { binary }]) => [platform, binary.sha256]));
}

function isSame(a: SignedRelease, b: SignedRelease): boolean {
  const text = ({ manifest, signatures, keyset, keysetSignatures }: SignedRelease) =>
    JSON.stringify([manifest, pairs(signatures), keyset, pairs(keysetSignatures)]);
  return text(a) === text(b);
}

function pairs(signatures: SignedRelease["signatures"]): readonly (readonly string[])[] {
  return signatures.map(({ keyId, value }) => [keyId, value]);
}
