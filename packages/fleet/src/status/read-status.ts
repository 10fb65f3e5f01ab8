/** What `status` says: what runs, what should, and what stands between the two. Writes nothing. */

import { join } from "node:path";
import type { FleetTarget, ReasonCode } from "@tideline/version/fleet";
import { REASONS } from "@tideline/version/fleet";
import type { SyncConfig } from "../config/sync-config.js";
import { decide } from "../engine/decide.js";
import type { EngineDeps } from "../engine/engine-deps.js";
import { readJournal } from "../engine/journal.js";
import { lockHolder } from "../engine/lock.js";
import { type Outcome, readOutcomes } from "../engine/outcome.js";
import type { Pin } from "../engine/pins.js";
import type { Plan } from "../engine/plan.js";
import { readSeen } from "../ledger/ledger-seen.js";
import { listReports } from "../ledger/report-folder.js";
import { isDeveloperMachine } from "../publish/is-developer-machine.js";
import type { LiveBinary } from "../swap/read-live.js";
import { SyncError } from "../sync-error.js";
import { watchLockPath } from "../watch/watch-lock.js";

/** One subsystem. */
export interface SubsystemStatus {
  readonly name: string;
  /** `developer`: its source is here, and it is built here. */
  readonly mode: "developer" | "user";
  readonly binary: string;
  readonly live: {
    readonly state: LiveBinary["state"];
    readonly version: string | null;
    readonly seq: number | null;
    readonly commit: string | null;
    readonly sha256: string | null;
  };
  /** What the ledger asks for; null if it names nothing, or was not heard. */
  readonly target: {
    readonly seq: number;
    readonly version: string;
    readonly generation: number;
    /** `settled`: every ring has it. */
    readonly mode: NonNullable<FleetTarget["rollout"]>["mode"] | "settled";
  } | null;
  readonly pin: Pin | null;
  /** The attempt that is under way. */
  readonly attempt: {
    readonly state: string;
    readonly version: string;
    /** ms since epoch. */
    readonly since: number;
  } | null;
  /** What the last attempts came to. */
  readonly last: Outcome | null;
  readonly lastRefusal: Outcome | null;
  /** What the next look would come to. */
  readonly next: {
    readonly action: Plan["action"];
    readonly reason: ReasonCode | null;
    readonly detail: string | null;
    readonly until: number | null;
  };
  /** What a person does next; null if there is nothing to do. */
  readonly nextStep: string | null;
}

/** All of it. */
export interface Status {
  readonly machine: { readonly id: string | null; readonly name: string; readonly channel: string };
  readonly ledger: {
    readonly kind: "convex" | "local";
    readonly url: string | null;
    /** Null: it was not asked, and `problem` says why; or there is none. */
    readonly isReachable: boolean | null;
    /** Since when nobody knows how fresh the targets are, ms since epoch; null: fresh, or never heard. */
    readonly freshnessUnknownSince: number | null;
    /** Why its targets were not heard; null if they were. */
    readonly problem: string | null;
    /** Reports that it has not taken yet. */
    readonly waitingReports: number;
  };
  /** The service on this machine; null if none runs. */
  readonly watch: { readonly pid: number } | null;
  readonly subsystems: readonly SubsystemStatus[];
}

/** What it is read from. */
export interface StatusSources {
  readonly deps: EngineDeps;
  readonly machineId: string | null;
  /** Why the ledger was not heard; null if it was. */
  readonly problem: string | null;
  /** Whether it has answered; null if it was not asked. */
  readonly isReachable: boolean | null;
}

/** Reads the whole. */
export async function readStatus({ deps, machineId, problem, isReachable }: StatusSources): Promise<Status> {
  const { config } = deps;
  const { name, channel } = config.machine;
  const holder = await lockHolder(watchLockPath(config.state));
  const reports = await listReports(join(config.state, "reports"));
  const subsystems: SubsystemStatus[] = [];
  for (const subsystem of Object.keys(config.subsystems)) {
    subsystems.push(await readSubsystem(deps, subsystem));
  }
  return {
    machine: { id: machineId, name, channel },
    ledger: {
      kind: config.ledger === null ? "local" : "convex",
      url: config.ledger?.url ?? null,
      isReachable,
      freshnessUnknownSince: problem === null ? null : await readSeen(config.state),
      problem,
      waitingReports: reports.length,
    },
    watch: holder === null ? null : { pid: holder.pid },
    subsystems,
  };
}

async function readSubsystem(deps: EngineDeps, name: string): Promise<SubsystemStatus> {
  const { config, ledger } = deps;
  const subsystem = config.subsystems[name] as SyncConfig["subsystems"][string];
  const target = ledger.targets()?.find((one) => one.subsystem === name) ?? null;
  const [{ plan, facts }, outcomes, journal, isDeveloper] = await Promise.all([
    decide(deps, subsystem, target),
    readOutcomes(config.state, name),
    readJournal(config.state, name),
    isDeveloperMachine(subsystem),
  ]);
  const { live, pin } = facts;
  const known = live.state === "known" ? live.version : null;
  const next = {
    action: plan.action,
    reason: "reason" in plan ? plan.reason : null,
    detail: "detail" in plan ? plan.detail : null,
    until: "until" in plan ? plan.until : null,
  };
  const attempt =
    journal === null || journal === "unreadable"
      ? null
      : { state: journal.state, version: journal.version, since: journal.startedAt };
  return {
    name,
    mode: isDeveloper ? "developer" : "user",
    binary: subsystem.binary,
    live: {
      state: live.state,
      version: known?.version ?? null,
      seq: known?.seq ?? null,
      commit: known?.commit ?? null,
      sha256: live.state === "absent" ? null : live.sha256,
    },
    target: shownTarget(target),
    pin,
    attempt,
    last: outcomes.live,
    lastRefusal: outcomes.refused,
    next,
    nextStep: nextStep(name, next, attempt, outcomes.live),
  };
}

function shownTarget(target: FleetTarget | null): SubsystemStatus["target"] {
  if (target === null) return null;
  const { rollout, settled, generation } = target;
  if (rollout !== null) {
    const { seq, version, mode } = rollout;
    return { seq, version, generation, mode };
  }
  if (settled === null) return null;
  const { seq, version } = settled;
  return { seq, version, generation, mode: "settled" };
}

function nextStep(
  name: string,
  { action, reason }: SubsystemStatus["next"],
  attempt: SubsystemStatus["attempt"],
  last: Outcome | null,
): string | null {
  if (last?.state === "needs-operator") return stepOf(last.reason ?? "ROLLBACK_FAILED", name);
  if (attempt !== null) return null;
  if (action === "install") {
    return "Nothing to do while `tideline-sync watch` runs; else `tideline-sync apply`";
  }
  return reason === null ? null : stepOf(reason, name);
}

function stepOf(reason: ReasonCode, name: string): string {
  return REASONS[reason].replaceAll("NAME", name);
}

/** Gives the sentence of why the ledger was not heard. */
export function problemOf(error: unknown): string {
  if (error instanceof SyncError) return `${error.reason}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
