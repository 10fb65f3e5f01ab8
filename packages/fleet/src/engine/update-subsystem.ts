/**
 * One subsystem, from what the ledger asks to a version that runs and has been watched.
 *
 * ```text
 * idle -> planned -> downloading -> verified -> staged -> exec-tested    nothing live is touched;
 *   |                                                          |         an error: refused, idle
 *   |                        machine's lock, last look: locked <
 *   |                                                    |
 *   |                      swap, .version: swapped <-----+      from here on a crash or an error
 *   |                             |                             never ends without one of the two
 *   |        restarting -> gating -> soaking -> committed -> idle           versions being well
 *   |             |           |         |
 *   |             +-----------+---------+--> rolling-back -> rolled-back -> idle
 *   |                                                |
 *   +-- a next release may heal it <-- needs-operator
 * ```
 *
 * Every state is written to the journal before the next step begins. recover.ts takes it up again.
 */
import type { FleetTarget, ReasonCode, SignedRelease } from "@tideline/version/fleet";
import { hashFile } from "../artifact/hash-file.js";
import type { SubsystemConfig } from "../config/sync-config.js";
import { readLive } from "../swap/read-live.js";
import { swapIn } from "../swap/swap-in.js";
import { SyncError } from "../sync-error.js";
import { adopt } from "./adopt.js";
import { Attempt } from "./attempt.js";
import { nextAttemptAt, noteAttempt, readAttempts, takeBackAttempt } from "./attempts.js";
import { decide } from "./decide.js";
import { deny } from "./denied.js";
import { type EngineDeps, subsystemOf } from "./engine-deps.js";
import { removeJournal } from "./journal.js";
import { inspectService, lastLook } from "./last-look.js";
import type { HeldLock } from "./lock.js";
import { lockSubsystem, waitForMachine } from "./locks.js";
import type { Plan } from "./plan.js";
import { prepare } from "./prepare.js";
import { recoverLocked } from "./recover.js";
import { refuse, relabel } from "./refuse.js";
import { rollBack } from "./roll-back.js";
import type { UpdateOutcome } from "./update-outcome.js";
import { watchOverNew } from "./watch-over-new.js";

/** How an update is asked for. */
export interface UpdateOptions {
  /** Aborts it in order: before the swap at once, later so that the next start goes on. */
  readonly signal: AbortSignal;
  /** Neither window nor number of tries count: somebody said `--now`. @default false */
  readonly isUrgent?: boolean;
  /** Takes a live binary that nobody knows as what was there before: somebody said `--adopt`. @default false */
  readonly adopts?: boolean;
}

/**
 * Brings a subsystem to what its target asks for, or says why not. Whatever an earlier process left
 * half done is ended first.
 *
 * @param target Null if the ledger names none.
 * @throws {SyncError} `WRONG_SUBSYSTEM`, `STATE_DAMAGED`: nothing was begun.
 * @throws The signal's reason when it aborts.
 */
export async function updateSubsystem(
  deps: EngineDeps,
  name: string,
  target: FleetTarget | null,
  { signal, isUrgent = false, adopts = false }: UpdateOptions,
): Promise<UpdateOutcome> {
  const subsystem = subsystemOf(deps.config, name);
  const lock = await lockSubsystem(deps.config.state, name);
  if (lock === null) {
    const detail = `Cannot update "${name}": another tideline-sync is at it`;
    const until = deps.now() + LOOK_AGAIN_MS;
    const about = { version: null, seq: null };
    return { state: "waiting", reason: "UPDATE_IN_PROGRESS", detail, until, ...about };
  }
  try {
    await recoverLocked(deps, subsystem, signal);
    if (adopts) await adopt(deps, subsystem, target);
    const { plan } = await decide(deps, subsystem, target, { isUrgent });
    switch (plan.action) {
      case "nothing":
        return { state: "current", version: plan.version, seq: plan.seq };
      case "relabel":
        return await relabel(deps, subsystem, plan, target);
      case "wait":
      case "refuse":
        return await refuse(deps, subsystem, plan, target);
      case "install":
        return await install(deps, subsystem, { plan, target, isUrgent, signal });
      default:
        return plan satisfies never;
    }
  } finally {
    await lock.release();
  }
}

// Another process that updates says nothing when it is done.
const LOOK_AGAIN_MS = 10_000;

interface Installation {
  readonly plan: Extract<Plan, { action: "install" }>;
  readonly target: FleetTarget | null;
  readonly isUrgent: boolean;
  readonly signal: AbortSignal;
}

async function install(
  deps: EngineDeps,
  subsystem: SubsystemConfig,
  { plan, target, isUrgent, signal }: Installation,
): Promise<UpdateOutcome> {
  const { manifest, artifact } = plan;
  const { seq, version } = manifest;
  const startedAt = deps.now();
  const found = await readLive(subsystem.binary);
  const from = found.state === "known" ? found.version : null;
  const attempt = new Attempt(deps, subsystem, {
    ...{ format: 1, subsystem: subsystem.name, kind: "update", state: "planned", seq, version },
    ...{ generation: target?.generation ?? 0, startedAt, from, pidBefore: null, recoveries: 0 },
    ...{ isStoppedInOrder: false, failure: null },
    to: {
      commit: manifest.upstream?.oid ?? null,
      timestamp: startedAt,
      checksum: artifact.binary.sha256,
      ...{ version, seq },
    },
  });
  try {
    // Before it counts as a try: a supervisor that is away is no fault of the release.
    await inspectService(attempt, signal);
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    const { reason, message: detail } = error;
    const until = deps.now() + LOOK_AGAIN_MS;
    return { state: "refused", reason, detail, version, seq, until };
  }
  await noteAttempt(attempt.state, subsystem.name, startedAt);
  await attempt.step("counted");
  const liveSize = found.state === "absent" ? 0 : found.size;
  const upToLock = await beforeTheSwap(attempt, { plan, target, isUrgent, signal }, liveSize);
  if ("outcome" in upToLock) return upToLock.outcome;
  const { staged, machine } = upToLock;
  return await fromTheSwapOn(attempt, { staged, release: plan.release, machine, signal });
}

/** `planned` to `locked`. Whatever happens here ends with the live binary as it was. */
async function beforeTheSwap(
  attempt: Attempt,
  { plan, target, isUrgent, signal }: Installation,
  liveSize: number,
): Promise<
  { readonly outcome: UpdateOutcome } | { readonly staged: string; readonly machine: HeldLock }
> {
  const { deps, subsystem, journal } = attempt;
  const name = subsystem.name;
  let machine: HeldLock | undefined;
  try {
    await attempt.enter("planned");
    const staged = await prepare(attempt, plan.artifact, liveSize, signal);
    machine = await waitForMachine(attempt.state, signal);
    const state = await inspectService(attempt, signal);
    const refusal = target === null ? null : await lastLook(attempt, target, isUrgent);
    if (refusal !== null) {
      await machine.release();
      await removeJournal(attempt.state, name);
      if (refusal.action === "wait") await takeBackAttempt(attempt.state, name, journal.startedAt);
      const about = { seq: journal.seq, version: journal.version };
      return { outcome: await refuse(deps, subsystem, { ...refusal, ...about }, target) };
    }
    await attempt.enter("locked", { pidBefore: state?.pid ?? null });
    return { staged, machine };
  } catch (error) {
    await machine?.release();
    if (signal.aborted || !(error instanceof SyncError)) {
      // What was downloaded stays for the next try; a stop in order is no try in vain.
      await removeJournal(attempt.state, name);
      if (signal.aborted) await takeBackAttempt(attempt.state, name, journal.startedAt);
      throw error;
    }
    return { outcome: await endRefused(attempt, error) };
  }
}

async function endRefused(attempt: Attempt, error: SyncError): Promise<UpdateOutcome> {
  const { deps, subsystem } = attempt;
  const { seq, version, from, to } = attempt.journal;
  const { reason, message: detail } = error;
  deps.log(`${subsystem.name}: ${version} is not installed: ${reason}: ${detail}`);
  if (IS_OF_THE_BINARY.has(reason)) {
    const denial = { subsystem: subsystem.name, version, reason, at: deps.now() };
    await deny(attempt.state, [to.checksum], denial);
  }
  await attempt.end({ state: "refused", reason, detail, log: [] }, from?.checksum ?? null);
  const begun = (await readAttempts(attempt.state))[subsystem.name] ?? [];
  const until = IS_OF_THE_BINARY.has(reason) ? null : nextAttemptAt(begun, deps.now());
  return { state: "refused", reason, detail, version, seq, until };
}

// The bytes are the signed ones and do not run here: another download brings the same.
const IS_OF_THE_BINARY: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  "EXEC_FAILED",
  "EXEC_WRONG_VERSION",
]);

interface Locked {
  readonly staged: string;
  readonly release: SignedRelease;
  readonly machine: HeldLock;
  readonly signal: AbortSignal;
}

async function fromTheSwapOn(
  attempt: Attempt,
  { staged, release, machine, signal }: Locked,
): Promise<UpdateOutcome> {
  try {
    await attempt.deps.trust.advance(release);
    await attempt.step("trusted");
    await swapIn({
      ...{ live: attempt.live, staged },
      atStep: (step) => attempt.step(`swap:${step}`),
    });
  } catch (cause) {
    const error =
      cause instanceof SyncError ? cause : new SyncError("SWAP_FAILED", String(cause), { cause });
    const { reason, message: detail } = error;
    try {
      if (await runsNew(attempt)) return await rollBack(attempt, { reason, detail }, signal);
      return await endRefused(attempt, error);
    } finally {
      await machine.release();
    }
  }
  await attempt.enter("swapped");
  return await watchOverNew(attempt, { machine, isRestarted: false, signal });
}

async function runsNew({ live, journal }: Attempt): Promise<boolean> {
  const found = await hashFile(live).catch(() => null);
  return found?.sha256 === journal.to.checksum;
}
