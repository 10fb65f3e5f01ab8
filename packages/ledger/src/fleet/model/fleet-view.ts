import type {
  FleetInstall,
  FleetMachine,
  FleetRelease,
  FleetRing,
  FleetRolloutView,
  FleetSubsystem,
  FleetUpstream,
  FleetView,
  ReasonCode,
} from "@tideline/version/fleet";
import type { FleetQueryCtx, FleetRow } from "../fleet-data-model.js";
import { findRollout, findStats } from "./find-rollout.js";
import { newestIn } from "./refresh-target.js";

// Together far below what one query may read, and more than anybody looks through.
const MAX_SUBSYSTEMS = 300;
const MAX_MACHINES = 500;
const MAX_UPSTREAMS = 100;
const MAX_AUDIT = 50;
const MAX_INSTALLS = 100;

/** Gathers what people see of all channels. */
export async function fleetView(ctx: FleetQueryCtx): Promise<FleetView> {
  const targets = await ctx.db.query("ringTargets").withIndex("by_channel").take(MAX_SUBSYSTEMS);
  const machines = await ctx.db
    .query("machines")
    .withIndex("by_last_seen")
    .order("desc")
    .take(MAX_MACHINES + 1);
  const upstreams = await ctx.db
    .query("upstreams")
    .withIndex("by_time")
    .order("desc")
    .take(MAX_UPSTREAMS);
  const audit = await ctx.db.query("audit").order("desc").take(MAX_AUDIT);
  return {
    subsystems: await Promise.all(targets.map((target) => subsystemView(ctx, target))),
    machines: await Promise.all(
      machines.slice(0, MAX_MACHINES).map((machine) => machineView(ctx, machine)),
    ),
    hasMoreMachines: machines.length > MAX_MACHINES,
    upstreams: upstreams.map(upstreamView),
    audit: audit.map(({ _id, _creationTime, ...entry }) => entry),
  };
}

/** Gathers what is shown of one machine. */
export async function machineView(
  ctx: FleetQueryCtx,
  machine: FleetRow<"machines">,
): Promise<FleetMachine> {
  const { _id, name, channel, platform, enrolledAt, lastSeenAt } = machine;
  const installs = await ctx.db
    .query("installs")
    .withIndex("by_machine", (q) => q.eq("machineId", _id))
    .take(MAX_INSTALLS);
  return {
    ...{ machineId: _id, name, channel, platform, enrolledAt },
    lastSeenAt: lastSeenAt ?? null,
    subsystems: installs.map(installView),
  };
}

function installView(row: FleetRow<"installs">): FleetInstall {
  const { subsystem, version, seq, sha256, since, isOutlier, attempt } = row;
  return {
    ...{ subsystem, version, seq, sha256, since, isOutlier },
    attempt: attempt && { ...attempt, reason: attempt.reason as ReasonCode | null },
  };
}

async function subsystemView(
  ctx: FleetQueryCtx,
  { channel, subsystem, generation, settledId, rollout }: FleetRow<"ringTargets">,
): Promise<FleetSubsystem> {
  const settled = settledId && (await ctx.db.get(settledId));
  const release = rollout && (await ctx.db.get(rollout.releaseId));
  const waiting = await newestIn(ctx, { channel, subsystem }, "waiting-for-approval");
  const isShown = waiting === null || waiting.releaseId === rollout?.releaseId;
  const other = isShown ? null : await ctx.db.get(waiting.releaseId);
  return {
    ...{ channel, subsystem, generation },
    settled: settled && releaseView(settled),
    rollout: rollout && release && (await rolloutView(ctx, channel, release, rollout.mode)),
    waiting: other && releaseView(other),
  };
}

function releaseView(row: FleetRow<"releases">): FleetRelease {
  const { seq, version, updateClass, isCritical, reverts, publishedAt } = row;
  return { seq, version, updateClass, isCritical, reverts, publishedAt };
}

async function rolloutView(
  ctx: FleetQueryCtx,
  channel: string,
  release: FleetRow<"releases">,
  mode: FleetRolloutView["mode"],
): Promise<FleetRolloutView | null> {
  const { subsystem, seq } = release;
  const rollout = await findRollout(ctx, { channel, subsystem, seq });
  if (rollout === null) return null;
  const stats = await findStats(ctx, rollout);
  const { policy, ring: open, publishedAt, startedAt, nextStepAt, note } = rollout;
  return {
    ...releaseView(release),
    ...{ publishedAt, mode, startedAt, ring: open, nextStepAt, note },
    rings: policy.rings.map((rules, ring): FleetRing => {
      const row = stats.find((row) => row.ring === ring);
      const { underway = 0, committed = 0, failed = 0, vanished = 0 } = row ?? {};
      return {
        ...{ name: rules.name, openTo: ring === 0 ? 0 : rules.share },
        state: ring > open ? "closed" : ring === open ? "open" : "passed",
        openedAt: row?.openedAt ?? null,
        machines: row?.machines ?? null,
        ...{ started: underway + committed + failed, committed, failed, vanished },
      };
    }),
  };
}

function upstreamView(row: FleetRow<"upstreams">): FleetUpstream {
  const { subsystem, remote, ref, oid, tag, isQuarantined, seenAt } = row;
  return { subsystem, remote, ref, oid, tag, isQuarantined, seenAt };
}
