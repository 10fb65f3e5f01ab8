/** One subsystem of `tideline-sync apply`: what was done about it, or would be. */
import type { ReasonCode } from "@tideline/version/fleet";
import { asDiskError } from "../disk-error.js";
import { nextStepOf } from "../next-step.js";
import { readLive } from "../swap/read-live.js";
import { SyncError } from "../sync-error.js";
import { decide } from "./decide.js";
import { type EngineDeps, subsystemOf } from "./engine-deps.js";
import { isUnderWay } from "./is-under-way.js";
import { lockHolder } from "./lock.js";
import { isUntold, lookAtService } from "./look-at-service.js";
import type { Plan } from "./plan.js";
import { lockPath } from "./state-paths.js";
import type { UpdateOutcome } from "./update-outcome.js";
import { type UpdateOptions, updateSubsystem } from "./update-subsystem.js";

/** What came of it; a row of the command's answer. */
export interface AppliedSubsystem {
  readonly name: string;
  /** `not-running`: the version is the right one, and its service does not run as it should. */
  readonly state: UpdateOutcome["state"] | "not-running" | "would-install" | "failed";
  /** What it is about; null if the ledger names nothing. */
  readonly version: string | null;
  readonly seq: number | null;
  /** What ran before. */
  readonly from: string | null;
  /** Of the binary that lay there before; null if none did. */
  readonly fromSha256: string | null;
  /** What runs again after a rollback. */
  readonly restored: string | null;
  readonly reason: ReasonCode | null;
  readonly detail: string | null;
  /** What a person does next. */
  readonly nextStep: string | null;
  /** When it is worth another try, ms since epoch. */
  readonly until: number | null;
  /** Bytes that are, or would be, downloaded; null if none. */
  readonly bytes: number | null;
}

/**
 * Brings one subsystem to its target. What goes wrong is in the row: the others go on.
 *
 * @throws The signal's reason when it aborts.
 */
export async function applyOne(
  deps: EngineDeps,
  name: string,
  options: UpdateOptions,
): Promise<AppliedSubsystem> {
  let from: Before = { from: null, fromSha256: null };
  try {
    from = await readBefore(deps, name);
    const outcome = await updateSubsystem(deps, name, targetOf(deps, name), options);
    return await withService(deps, rowOf(name, from, outcome), options.signal);
  } catch (error) {
    if (options.signal.aborted) throw error;
    return failedRow(name, from, error);
  }
}

/**
 * Says what {@link applyOne} would do. Writes nothing, restarts nothing, asks nobody.
 *
 * @throws The signal's reason when it aborts.
 */
export async function dryRunOne(
  deps: EngineDeps,
  name: string,
  { isUrgent, isAsked, replaces, signal }: UpdateOptions,
): Promise<AppliedSubsystem> {
  let from: Before = { from: null, fromSha256: null };
  try {
    from = await readBefore(deps, name);
    const holder = await lockHolder(lockPath(deps.config.state, { subsystem: name }));
    if (holder !== null) {
      const detail = `Cannot update "${name}": process ${holder.pid} is at it`;
      const about = { version: null, seq: null, until: null };
      return rowOf(name, from, {
        ...{ state: "waiting", reason: "UPDATE_IN_PROGRESS", detail, ...about },
      });
    }
    const subsystem = subsystemOf(deps.config, name);
    const { plan } = await decide(deps, subsystem, targetOf(deps, name), {
      isUrgent: isUrgent ?? false,
      isAsked: isAsked ?? false,
      replaces: replaces ?? false,
    });
    const row = plannedRow(name, from, plan);
    return await withService(deps, await withSupervisor(deps, row, signal), signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return failedRow(name, from, error);
  }
}

/** Of what is current nothing else would be said: whether it runs is looked at, too. */
async function withService(
  { config, supervisor }: EngineDeps,
  row: AppliedSubsystem,
  signal: AbortSignal,
): Promise<AppliedSubsystem> {
  if (row.state !== "current" || row.fromSha256 === null) return row;
  if (await isUnderWay(config.state, row.name)) return row;
  const problem = await lookAtService(supervisor, subsystemOf(config, row.name), signal);
  // Another process may have begun an update meanwhile, whose restart this would be.
  if (problem === null || (await isUnderWay(config.state, row.name))) return row;
  const { reason, detail } = problem;
  const state = isUntold(problem) ? "current" : "not-running";
  return { ...row, state, reason, detail, nextStep: nextStepOf(reason, row.name) };
}

/** What would be installed needs somebody who restarts it, as the engine asks before it begins. */
async function withSupervisor(
  { config, supervisor }: EngineDeps,
  row: AppliedSubsystem,
  signal: AbortSignal,
): Promise<AppliedSubsystem> {
  if (row.state !== "would-install") return row;
  const problem = await lookAtService(supervisor, subsystemOf(config, row.name), signal);
  if (problem === null || !isUntold(problem)) return row;
  const { reason, detail } = problem;
  return {
    ...row,
    state: "refused",
    bytes: null,
    reason,
    detail,
    nextStep: nextStepOf(reason, row.name),
  };
}

function targetOf({ ledger }: EngineDeps, name: string) {
  return ledger.targets()?.find(({ subsystem }) => subsystem === name) ?? null;
}

type Before = Pick<AppliedSubsystem, "from" | "fromSha256">;

async function readBefore({ config }: EngineDeps, name: string): Promise<Before> {
  const live = await readLive(subsystemOf(config, name).binary);
  return {
    from: live.state === "known" ? live.version.version : null,
    fromSha256: live.state === "absent" ? null : live.sha256,
  };
}

function plannedRow(name: string, from: Before, plan: Plan): AppliedSubsystem {
  const { seq, version } = plan;
  switch (plan.action) {
    case "install": {
      const row = { ...empty(name, from), seq, version, bytes: plan.artifact.size };
      return { ...row, state: "would-install" };
    }
    case "nothing":
    case "relabel":
      return { ...empty(name, from), state: "current", seq, version };
    case "wait":
    case "refuse": {
      const { action, reason, detail } = plan;
      const until = plan.action === "wait" ? plan.until : null;
      const state = action === "wait" ? "waiting" : "refused";
      return rowOf(name, from, { state, reason, detail, until, seq, version });
    }
    default:
      return plan satisfies never;
  }
}

function rowOf(name: string, from: Before, outcome: UpdateOutcome): AppliedSubsystem {
  const row = { ...empty(name, from), ...outcome };
  return { ...row, nextStep: row.reason && nextStepOf(row.reason, name) };
}

function failedRow(name: string, from: Before, cause: unknown): AppliedSubsystem {
  const error = asDiskError(cause, `Cannot update "${name}"`);
  const detail = error instanceof Error ? error.message : String(error);
  const row = { ...empty(name, from), detail };
  if (!(error instanceof SyncError)) return { ...row, state: "failed" };
  const { reason, nextStep } = error;
  return { ...row, state: "refused", reason, nextStep };
}

function empty(name: string, from: Before): AppliedSubsystem {
  return {
    ...{ name, ...from, state: "current", version: null, seq: null, restored: null },
    ...{ reason: null, detail: null, nextStep: null, until: null, bytes: null },
  };
}
