/**
 * Counts what machines said: what runs where, and how the rings of the rollouts fare. Works on one
 * batch in one transaction; each machine's words in the order in which they came.
 */
import { attemptOutcome, bucketOf, type ReasonCode, ringOf } from "@tideline/version/fleet";
import type { FleetId, FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { findInstall } from "./find-install.js";
import { findRelease, findRollout, findStats } from "./find-rollout.js";
import { KnownBinaries } from "./known-binaries.js";

type Report = FleetRow<"reports">;
type Attempt = Extract<Report["what"], { kind: "attempt" }>;
type Install = FleetRow<"installs">;
type Fields = Omit<Install, "_id" | "_creationTime">;
type Count = "underway" | "committed" | "failed" | "declined";

/** Numbers of rollouts that a batch changes; written once, at its end. */
type Counts = Map<FleetId<"rollouts">, FleetRow<"stats">[]>;

/** Counts some reports and deletes them. */
export async function countReports(
  ctx: FleetMutationCtx,
  reports: readonly Report[],
): Promise<void> {
  const counts: Counts = new Map();
  const known = new KnownBinaries(ctx);
  for (const report of reports) {
    await ctx.db.delete(report._id);
    const machine = await ctx.db.get(report.machineId);
    // Removed since.
    if (machine === null) continue;
    const { what } = report;
    if (machine.lastSeenAt === undefined || machine.lastSeenAt < report.at) {
      const more = what.kind === "presence" ? { syncVersion: what.syncVersion } : {};
      await ctx.db.patch(machine._id, { lastSeenAt: report.at, ...more });
    }
    if (what.kind === "attempt") {
      await countAttempt(ctx, counts, known, machine, what, report.at);
      continue;
    }
    for (const running of what.running) {
      await writeInstall(ctx, machine, running.subsystem, running, report.at, {});
    }
  }
  for (const { _id, _creationTime, ...stats } of [...counts.values()].flat()) {
    await ctx.db.replace(_id, stats);
  }
}

async function countAttempt(
  ctx: FleetMutationCtx,
  counts: Counts,
  known: KnownBinaries,
  machine: FleetRow<"machines">,
  report: Attempt,
  at: number,
): Promise<void> {
  const { subsystem, seq, version, state, reason, detail, runningSha256: sha256 } = report;
  const before = await findInstall(ctx, machine._id, subsystem);
  const release = await findRelease(ctx, subsystem, seq);
  const isNew = state === "committed" || release?.binaries[machine.platform] === sha256;
  const running =
    isNew && sha256 !== null
      ? { version, seq, sha256 }
      : before?.sha256 === sha256
        ? { version: before.version, seq: before.seq, sha256 }
        : await nameBinary(known, machine, subsystem, sha256);
  const place = await countIn(ctx, counts, machine, report, before, at);
  const attempt = { seq, version, state, reason, detail, at };
  await writeInstall(ctx, machine, subsystem, running, at, { attempt, ...place });
}

/** What a machine runs that is not what it tried: mostly what it went back to after it was watched. */
async function nameBinary(
  known: KnownBinaries,
  { platform }: FleetRow<"machines">,
  subsystem: string,
  sha256: string | null,
): Promise<Pick<Fields, "version" | "seq" | "sha256">> {
  const found = sha256 === null ? null : await known.find(subsystem, platform, sha256);
  return { version: found?.version ?? null, seq: found?.seq ?? null, sha256 };
}

/** Moves a machine from one number of its ring to another; gives where it stands then. */
async function countIn(
  ctx: FleetMutationCtx,
  counts: Counts,
  machine: FleetRow<"machines">,
  { subsystem, seq, state, reason }: Attempt,
  before: Install | null,
  at: number,
): Promise<Partial<Fields>> {
  const rollout = await findRollout(ctx, { channel: machine.channel, subsystem, seq });
  if (rollout === null) return {};
  const stats = counts.get(rollout._id) ?? (await findStats(ctx, rollout));
  counts.set(rollout._id, stats);
  const outcome = attemptOutcome({ state, reason: reason as ReasonCode | null });
  const isCounted = before?.countedIn === rollout._id;
  const from = isCounted ? before?.countedAs : undefined;
  if (isOver(from, outcome)) return {};
  const ring = isCounted ? before?.countedRing : await ringOfMachine(rollout, machine);
  const row = stats.find((row) => row.ring === ring);
  // Before its machines were counted nobody may start, so that nobody is missed.
  if (row === undefined) return {};
  const after = { ...row, [outcome]: row[outcome] + 1 };
  if (from !== undefined) after[from] -= 1;
  stats[stats.indexOf(row)] = after;
  return {
    ...{ countedIn: rollout._id, countedAs: outcome, countedAt: at },
    ...(ring !== undefined && { countedRing: ring }),
  };
}

/** True if what came before counts more than what is said now. */
function isOver(from: Count | undefined, outcome: Count): boolean {
  if (from === "failed") return outcome !== "committed";
  return from === "committed" && outcome !== "failed";
}

async function ringOfMachine(
  { policy, canaries, startedAt, version, subsystem }: FleetRow<"rollouts">,
  machine: FleetRow<"machines">,
): Promise<number> {
  return ringOf(policy, {
    bucket: await bucketOf(machine._id, subsystem, version),
    isCanary: canaries.includes(machine._id),
    isLate: machine.enrolledAt > startedAt,
  });
}

async function writeInstall(
  ctx: FleetMutationCtx,
  { _id: machineId, channel, platform }: FleetRow<"machines">,
  subsystem: string,
  { version, seq, sha256 }: Pick<Fields, "version" | "seq" | "sha256">,
  at: number,
  more: Partial<Fields>,
): Promise<void> {
  const before = await findInstall(ctx, machineId, subsystem);
  const release = seq === null ? null : await findRelease(ctx, subsystem, seq);
  const signed = release?.binaries[platform];
  const fields = {
    ...{ channel, version, seq, sha256 },
    since: before !== null && before.sha256 === sha256 ? before.since : at,
    isOutlier: signed !== undefined && sha256 !== null && sha256 !== signed,
    ...more,
  };
  if (before === null) {
    await ctx.db.insert("installs", { machineId, subsystem, attempt: null, ...fields });
  } else if (Object.entries(fields).some(([key, value]) => before[key as keyof Fields] !== value)) {
    // Most machines say once a day what is known; nobody has to look again for that.
    await ctx.db.patch(before._id, fields);
  }
}
