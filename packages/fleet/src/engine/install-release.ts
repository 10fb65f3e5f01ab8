import type { FleetTarget, SignedRelease } from "@tideline/version/fleet";
import { hashFile } from "../artifact/hash-file.js";
import type { SubsystemConfig } from "../config/sync-config.js";
import { keepForeign } from "../swap/keep-foreign.js";
import { type LiveBinary, readLive } from "../swap/read-live.js";
import { swapIn } from "../swap/swap-in.js";
import type { VersionFile } from "../swap/version-file.js";
import { SyncError } from "../sync-error.js";
import { Attempt } from "./attempt.js";
import { noteAttempt, noteFailure, takeBackAttempt } from "./attempts.js";
import { endRefused } from "./end-refused.js";
import type { EngineDeps } from "./engine-deps.js";
import { removeJournal } from "./journal.js";
import { inspectService, lastLook } from "./last-look.js";
import type { HeldLock } from "./lock.js";
import { waitForMachine } from "./locks.js";
import type { Plan } from "./plan.js";
import { prepare } from "./prepare.js";
import { refuse } from "./refuse.js";
import { rollBack } from "./roll-back.js";
import { tidyPrevious } from "./tidy-previous.js";
import type { UpdateOutcome } from "./update-outcome.js";
import { watchOverNew } from "./watch-over-new.js";

/** What is installed, and how. */
export interface Installation {
  readonly plan: Extract<Plan, { action: "install" }>;
  readonly target: FleetTarget | null;
  readonly isUrgent: boolean;
  /** In the place of a binary that nobody knows. */
  readonly replaces: boolean;
  readonly signal: AbortSignal;
}

/**
 * Goes through all the steps of an update that the plan wants. The subsystem's lock is held.
 *
 * @throws The signal's reason when it aborts.
 */
export async function installRelease(
  deps: EngineDeps,
  subsystem: SubsystemConfig,
  { plan, target, isUrgent, replaces, signal }: Installation,
): Promise<UpdateOutcome> {
  const { manifest, artifact } = plan;
  const { seq, version } = manifest;
  const startedAt = deps.now();
  const found = await readLive(subsystem.binary);
  const from = recordOf(found, startedAt);
  const isForeign = found.state === "unknown" || found.state === "drifted";
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
    const refusal = { action: "refuse", reason, detail, seq, version } as const;
    const outcome = await refuse(deps, subsystem, refusal, target);
    return { ...outcome, until: deps.now() + LOOK_AGAIN_MS };
  }
  const tried = { seq, sha256: artifact.binary.sha256 };
  await noteAttempt(attempt.state, subsystem.name, tried, startedAt, signal);
  await attempt.step("counted");
  const liveSize = found.state === "absent" ? 0 : found.size;
  const how = { plan, target, isUrgent, replaces, signal };
  const upToLock = await beforeTheSwap(attempt, how, liveSize);
  if ("outcome" in upToLock) return upToLock.outcome;
  const { staged, machine } = upToLock;
  const { release } = plan;
  return await fromTheSwapOn(attempt, { staged, release, machine, isForeign, signal });
}

/** What lies there, as far as anybody knows: of a foreign binary its bytes alone. */
function recordOf(found: LiveBinary, now: number): VersionFile | null {
  if (found.state === "absent") return null;
  if (found.state === "known") return found.version;
  return { commit: null, timestamp: now, checksum: found.sha256, version: null, seq: null };
}

/** `planned` to `locked`. Whatever happens here ends with the live binary as it was. */
async function beforeTheSwap(
  attempt: Attempt,
  { plan, target, isUrgent, replaces, signal }: Installation,
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
    const refusal =
      target === null ? null : await lastLook(attempt, target, { isUrgent, replaces });
    if (refusal !== null) {
      await machine.release();
      await removeJournal(attempt.state, name);
      const { startedAt } = journal;
      if (refusal.action === "wait") await takeBackAttempt(attempt.state, name, startedAt);
      else await noteFailure(attempt.state, name, startedAt, refusal.reason, signal);
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

// A supervisor says nothing when it is back.
const LOOK_AGAIN_MS = 10_000;

interface Locked {
  readonly staged: string;
  readonly release: SignedRelease;
  readonly machine: HeldLock;
  /** Nobody knows the live binary: it is kept as evidence, and nothing to go back to. */
  readonly isForeign: boolean;
  readonly signal: AbortSignal;
}

async function fromTheSwapOn(
  attempt: Attempt,
  { staged, release, machine, isForeign, signal }: Locked,
): Promise<UpdateOutcome> {
  try {
    // Where nothing runs yet, what was never well here must not keep out what is older and is.
    await attempt.deps.trust.advance(release, { countsSeq: attempt.journal.from !== null });
    await attempt.step("trusted");
    if (isForeign) {
      const { deps, subsystem } = attempt;
      deps.log(
        `${subsystem.name}: the foreign binary is kept as ${await keepForeign(attempt.live)}`,
      );
      await attempt.step("foreign-kept");
    }
    await swapIn({
      ...{ live: attempt.live, staged, keepsLive: !isForeign },
      atStep: (step) => attempt.step(`swap:${step}`),
    });
  } catch (cause) {
    const error =
      cause instanceof SyncError ? cause : new SyncError("SWAP_FAILED", String(cause), { cause });
    const { reason, message: detail } = error;
    try {
      if (await runsNew(attempt)) return await rollBack(attempt, { reason, detail }, signal);
      await tidyPrevious(attempt.live);
      return await endRefused(attempt, error);
    } finally {
      await machine.release();
    }
  }
  try {
    // From here on the new version is watched, or taken back, also if the disk takes no journal.
    await attempt.enterAnyway("swapped");
  } catch (error) {
    await machine.release();
    throw error;
  }
  return await watchOverNew(attempt, { machine, isRestarted: false, signal });
}

async function runsNew({ live, journal }: Attempt): Promise<boolean> {
  const found = await hashFile(live).catch(() => null);
  return found?.sha256 === journal.to.checksum;
}
