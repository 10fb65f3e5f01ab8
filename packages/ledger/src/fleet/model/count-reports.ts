/**
 * Counts what machines said: what runs where, and how the rings of the rollouts fare. Works on one
 * batch in one transaction; each machine's words in the order in which they came.
 */
import { attemptOutcome, bucketOf, type ReasonCode, ringOf } from "@tideline/version/fleet";
import type { FleetId, FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { BatchInstalls, type InstallFields } from "./batch-installs.js";
import { BatchReleases } from "./batch-releases.js";
import { joinedAt } from "./leave-rollouts.js";
import { WorkBudget } from "./work-budget.js";

type Report = FleetRow<"reports">;
type Attempt = Extract<Report["what"], { kind: "attempt" }>;
type Presence = Extract<Report["what"], { kind: "presence" }>;
type Machine = FleetRow<"machines">;
type Running = Pick<InstallFields, "version" | "seq" | "sha256">;
type Rollout = FleetRow<"rollouts">;
type Count = "underway" | "committed" | "failed" | "declined";

/** What a batch works with; things are read once for all of it. */
interface Batch {
  readonly ctx: FleetMutationCtx;
  readonly work: WorkBudget;
  readonly installs: BatchInstalls;
  readonly releases: BatchReleases;
  readonly machines: Map<FleetId<"machines">, Machine | null>;
  readonly failing: Map<FleetId<"rollouts">, Rollout>;
}

/** What {@link countReports} came to. */
export interface CountedReports {
  /** False if some are left; they keep their order. */
  readonly isAll: boolean;
  /** The rollouts in which a failure was counted. */
  readonly failing: readonly Rollout[];
}

// About what it takes to look whether one is to be halted.
const HALT_STEPS = 20;

/** Counts reports and deletes them, as many as one transaction bears. */
export async function countReports(
  ctx: FleetMutationCtx,
  reports: readonly Report[],
): Promise<CountedReports> {
  const work = new WorkBudget();
  const releases = new BatchReleases(ctx, work);
  const installs = new BatchInstalls(ctx, work);
  const failing = new Map<FleetId<"rollouts">, Rollout>();
  const batch: Batch = { ctx, work, installs, releases, machines: new Map(), failing };
  let counted = 0;
  for (const report of reports) {
    if (work.isSpent || !(await countReport(batch, report))) break;
    await ctx.db.delete(report._id);
    work.spend(1);
    counted += 1;
  }
  await releases.save();
  return { isAll: counted === reports.length, failing: [...failing.values()] };
}

/** False if it was counted in part; the rest of it is what the report says from now on. */
async function countReport(batch: Batch, report: Report): Promise<boolean> {
  const { ctx, work, machines } = batch;
  const { machineId, at, what } = report;
  let machine = machines.get(machineId);
  if (machine === undefined) {
    machine = await ctx.db.get(machineId);
    machines.set(machineId, machine);
    work.spend(1);
  }
  // Removed since.
  if (machine === null) return true;
  if (machine.lastSeenAt === undefined || machine.lastSeenAt < at) {
    const more = what.kind === "presence" ? { syncVersion: what.syncVersion } : {};
    await ctx.db.patch(machineId, { lastSeenAt: at, ...more });
    machines.set(machineId, { ...machine, lastSeenAt: at });
    work.spend(1);
  }
  if (what.kind === "presence") return await countPresence(batch, machine, report, what);
  await countAttempt(batch, machine, what, at);
  return true;
}

async function countPresence(
  batch: Batch,
  machine: Machine,
  { _id, at }: Report,
  what: Presence,
): Promise<boolean> {
  for (const [index, { subsystem, ...running }] of what.running.entries()) {
    if (index > 0 && batch.work.isSpent) {
      await batch.ctx.db.patch(_id, { what: { ...what, running: what.running.slice(index) } });
      return false;
    }
    await writeInstall(batch, machine, subsystem, running, at, {});
  }
  return true;
}

async function countAttempt(
  batch: Batch,
  machine: Machine,
  report: Attempt,
  at: number,
): Promise<void> {
  const { installs, releases } = batch;
  const { channel, subsystem, seq, version, state, reason, detail } = report;
  const { runningSha256: sha256 } = report;
  const before = await installs.find(machine._id, subsystem);
  const release = await releases.release({ channel, subsystem, seq });
  const isNew = state === "committed" || release?.binaries[machine.platform] === sha256;
  const running =
    isNew && sha256 !== null
      ? { version, seq, sha256 }
      : before?.sha256 === sha256
        ? { version: before.version, seq: before.seq, sha256 }
        : await nameBinary(batch, { ...machine, channel }, subsystem, sha256);
  const isHere = channel === machine.channel;
  const place = isHere ? await countIn(batch, machine, report, before, at) : {};
  const attempt = { seq, version, state, reason, detail, at };
  await writeInstall(batch, machine, subsystem, running, at, { attempt, ...place });
}

/** What a machine runs that is not what it tried: mostly what it went back to after it was watched. */
async function nameBinary(
  { releases }: Batch,
  { channel, platform }: Machine,
  subsystem: string,
  sha256: string | null,
): Promise<Running> {
  const of = { channel, subsystem };
  const found = sha256 === null ? null : await releases.withBinary(of, platform, sha256);
  return { version: found?.version ?? null, seq: found?.seq ?? null, sha256 };
}

/** Moves a machine from one number of its ring to another; gives where it stands then. */
async function countIn(
  { work, releases, failing }: Batch,
  machine: Machine,
  { subsystem, seq, version, state, reason }: Attempt,
  before: FleetRow<"installs"> | null,
  at: number,
): Promise<Partial<InstallFields>> {
  const rollout = await releases.rollout({ channel: machine.channel, subsystem, seq });
  // Who did not name the channel may mean what another one has under the same number.
  if (rollout === null || rollout.version !== version) return {};
  const stats = await releases.stats(rollout);
  const outcome = attemptOutcome({ state, reason: reason as ReasonCode | null });
  const isCounted = before?.countedIn === rollout._id;
  const from = isCounted ? before?.countedAs : undefined;
  if (isOver(from, outcome)) return {};
  const ring = isCounted ? before?.countedRing : await ringOfMachine(rollout, machine);
  const row = stats.find((row) => row.ring === ring);
  // Before its machines were counted nobody may start, so that nobody is missed.
  if (row === undefined) return {};
  const after = { ...row, [outcome]: row[outcome] + 1 };
  if (from !== undefined) after[from] = Math.max(0, after[from] - 1);
  stats[stats.indexOf(row)] = after;
  if (outcome === "failed" && !failing.has(rollout._id)) {
    failing.set(rollout._id, rollout);
    work.spend(HALT_STEPS);
  }
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
  { policy, canaries, startedAt, version, subsystem }: Rollout,
  machine: Machine,
): Promise<number> {
  return ringOf(policy, {
    bucket: await bucketOf(machine._id, subsystem, version),
    isCanary: canaries.includes(machine._id),
    isLate: joinedAt(machine) > startedAt,
  });
}

async function writeInstall(
  { installs, releases }: Batch,
  { _id: machineId, channel, platform }: Machine,
  subsystem: string,
  { version, seq, sha256 }: Running,
  at: number,
  more: Partial<InstallFields>,
): Promise<void> {
  const before = await installs.find(machineId, subsystem);
  const release = seq === null ? null : await releases.release({ channel, subsystem, seq });
  const tried = more.attempt ? { channel, subsystem, seq: more.attempt.seq } : null;
  const isReal = release !== null || (tried !== null && (await releases.release(tried)) !== null);
  const signed = release?.binaries[platform];
  const fields = {
    ...{ channel, version, seq, sha256 },
    since: before !== null && before.sha256 === sha256 ? before.since : at,
    isOutlier: signed !== undefined && sha256 !== null && sha256 !== signed,
    ...more,
  };
  await installs.write(machineId, subsystem, fields, isReal);
}
