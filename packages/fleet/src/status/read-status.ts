/** What `status` says: what runs, what should, and what stands between the two. Writes nothing. */

import { join } from "node:path";
import type { FleetTarget, ReasonCode } from "@tideline/version/fleet";
import type { SyncConfig } from "../config/sync-config.js";
import { chooseRelease } from "../engine/choose-release.js";
import { decide } from "../engine/decide.js";
import type { EngineDeps } from "../engine/engine-deps.js";
import { readJournal } from "../engine/journal.js";
import { lockHolder } from "../engine/lock.js";
import { lookAtService, type ServiceProblem } from "../engine/look-at-service.js";
import { type Outcome, readOutcomes } from "../engine/outcome.js";
import type { Pin } from "../engine/pins.js";
import type { Plan, PlanFacts } from "../engine/plan.js";
import { readSeen } from "../ledger/ledger-seen.js";
import { listReports } from "../ledger/report-folder.js";
import { nextStepOf } from "../next-step.js";
import { isDeveloperMachine } from "../publish/is-developer-machine.js";
import type { LiveBinary } from "../swap/read-live.js";
import { SyncError } from "../sync-error.js";
import { requireTrustedRoots } from "../trust/require-trusted-roots.js";
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
  /**
   * What the next look is about, of what the ledger asks for or did when it was heard last; null if it
   * names nothing, or was never heard.
   */
  readonly target: {
    readonly seq: number;
    readonly version: string;
    readonly generation: number;
    /** `settled`: every ring has it. */
    readonly mode: NonNullable<FleetTarget["rollout"]>["mode"] | "settled";
  } | null;
  /** What is to come after the target, and waits; null if nothing does, or nobody here was told of it. */
  readonly waiting: {
    readonly seq: number;
    readonly version: string;
    readonly mode: NonNullable<FleetTarget["rollout"]>["mode"];
    readonly reason: ReasonCode;
    readonly detail: string;
    readonly nextStep: string;
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
  /** Why its service does not run as it should; null if it does, or nothing runs the binary. */
  readonly serviceProblem: ServiceProblem | null;
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
    /**
     * True while it is away and the targets are those that it named last: what had settled is still
     * asked for, and no rollout.
     */
    readonly isHeardEarlier: boolean;
    /** Reports that it has not taken yet. */
    readonly waitingReports: number;
  };
  /** Why no release at all is believed here; null if those that are signed are. */
  readonly trustProblem: {
    readonly reason: ReasonCode;
    readonly detail: string;
    readonly nextStep: string;
  } | null;
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
  readonly signal: AbortSignal;
}

/** Reads the whole. */
export async function readStatus({
  deps,
  machineId,
  problem,
  isReachable,
  signal,
}: StatusSources): Promise<Status> {
  const { config } = deps;
  const { name, channel } = config.machine;
  const holder = await lockHolder(watchLockPath(config.state));
  const reports = await listReports(join(config.state, "reports"));
  const subsystems = await Promise.all(
    Object.keys(config.subsystems).map((subsystem) => readSubsystem(deps, subsystem, signal)),
  );
  return {
    machine: { id: machineId, name, channel },
    ledger: {
      kind: config.ledger === null ? "local" : "convex",
      url: config.ledger?.url ?? null,
      isReachable,
      freshnessUnknownSince: problem === null ? null : await freshnessUnknownSince(deps),
      problem,
      isHeardEarlier: isHeardEarlier(deps),
      waitingReports: reports.length,
    },
    trustProblem: trustProblemOf(config),
    watch: holder === null ? null : { pid: holder.pid },
    subsystems,
  };
}

function isHeardEarlier({ ledger }: EngineDeps): boolean {
  return ledger.kind === "heard";
}

async function freshnessUnknownSince(deps: EngineDeps): Promise<number | null> {
  const seen = await readSeen(deps.config.state);
  return seen ?? (isHeardEarlier(deps) ? deps.ledger.state().awaySince : null);
}

function trustProblemOf(config: SyncConfig): Status["trustProblem"] {
  try {
    requireTrustedRoots(config);
    return null;
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    const { reason, message: detail, nextStep } = error;
    return { reason, detail, nextStep };
  }
}

async function readSubsystem(
  deps: EngineDeps,
  name: string,
  signal: AbortSignal,
): Promise<SubsystemStatus> {
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
  // Without a binary there is nothing to run yet, and what is under way restarts it itself; but an
  // update needs the supervisor.
  const isOfInterest = attempt === null && (live.state !== "absent" || plan.action === "install");
  const found = isOfInterest ? await lookAtService(deps.supervisor, subsystem, signal) : null;
  const isExpected = live.state === "absent" && found?.reason !== "SUPERVISOR_UNREACHABLE";
  const serviceProblem = isExpected ? null : found;
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
    target: shownTarget(target, plan.seq),
    waiting: waitingBehind(name, target, plan.seq, known?.seq ?? null, facts.place),
    pin,
    attempt,
    last: outcomes.live,
    lastRefusal: outcomes.refused,
    next,
    serviceProblem,
    nextStep:
      nextStep(name, next, attempt, outcomes.live, serviceProblem, isHeardEarlier(deps)) ??
      (target === null ? unknownTarget(config, subsystem, live.state, isDeveloper) : null),
  };
}

/** @param seq What the plan is about. */
function shownTarget(target: FleetTarget | null, seq: number | null): SubsystemStatus["target"] {
  if (target === null) return null;
  const { rollout, settled, generation } = target;
  if (settled !== null && (rollout === null || settled.seq === seq)) {
    const { seq, version } = settled;
    return { seq, version, generation, mode: "settled" };
  }
  if (rollout === null) return null;
  const { version, mode } = rollout;
  return { seq: rollout.seq, version, generation, mode };
}

/** What is on its way while the plan is about something before it, and why it is not here yet. */
function waitingBehind(
  name: string,
  target: FleetTarget | null,
  seq: number | null,
  liveSeq: number | null,
  place: PlanFacts["place"],
): SubsystemStatus["waiting"] {
  const rollout = target?.rollout ?? null;
  if (rollout === null || seq === null || rollout.seq <= seq) return null;
  const choice = chooseRelease({ settled: null, rollout }, liveSeq, place);
  if (choice.kind !== "wait") return null;
  const { version, reason, detail } = choice;
  const { mode } = rollout;
  return { seq: rollout.seq, version, mode, reason, detail, nextStep: nextStepOf(reason, name) };
}

/** A machine without a ledger knows what it has looked for itself. */
function unknownTarget(
  { ledger, releases }: SyncConfig,
  { name }: SyncConfig["subsystems"][string],
  live: LiveBinary["state"],
  isDeveloper: boolean,
): string | null {
  if (ledger !== null) return null;
  if (isDeveloper) {
    if (live !== "absent") return null;
    return `\`tideline-sync watch\` builds, publishes and installs it here; by hand \`tideline-sync build ${name}\`, \`publish ${name}\` and \`apply ${name}\` do`;
  }
  if (releases === null) return null;
  return `No release of it is known here; \`tideline-sync check ${name}\` asks the release host`;
}

function nextStep(
  name: string,
  { action, reason }: SubsystemStatus["next"],
  attempt: SubsystemStatus["attempt"],
  last: Outcome | null,
  serviceProblem: ServiceProblem | null,
  isHeardEarlier: boolean,
): string | null {
  if (last?.state === "needs-operator") return nextStepOf(last.reason ?? "ROLLBACK_FAILED", name);
  if (attempt !== null) return null;
  // Nothing is installed while the supervisor is away, whoever runs.
  if (serviceProblem !== null && (reason === null || action === "install")) {
    return nextStepOf(serviceProblem.reason, name);
  }
  if (action === "install") {
    // The service keeps what runs while nobody knows what was said since.
    if (isHeardEarlier) {
      return `\`tideline-sync apply ${name}\` installs it; \`tideline-sync watch\` does when the ledger is back`;
    }
    return "Nothing to do while `tideline-sync watch` runs; else `tideline-sync apply`";
  }
  return reason === null ? null : nextStepOf(reason, name);
}

/** Gives the sentence of why the ledger was not heard. */
export function problemOf(error: unknown): string {
  if (error instanceof SyncError) return `${error.reason}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
