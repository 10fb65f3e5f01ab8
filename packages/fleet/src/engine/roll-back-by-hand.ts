import { keepForeign } from "../swap/keep-foreign.js";
import { readPrevious } from "../swap/keep-previous.js";
import { type LiveBinary, readLive } from "../swap/read-live.js";
import type { VersionFile } from "../swap/version-file.js";
import { SyncError } from "../sync-error.js";
import { Attempt } from "./attempt.js";
import { readDenied } from "./denied.js";
import { type EngineDeps, subsystemOf } from "./engine-deps.js";
import { lockSubsystemSoon, waitForMachine } from "./locks.js";
import { addPin } from "./pins.js";
import { recoverLocked } from "./recover.js";
import { rollBack } from "./roll-back.js";
import type { UpdateOutcome } from "./update-outcome.js";

/**
 * Goes back to the version before because somebody asks for it, and pins the subsystem, so that the
 * next automatic update does not undo it. Needs neither network nor ledger.
 *
 * A live binary that no release has is kept in `.foreign/`.
 *
 * Nothing is denied: once the pin is removed, the version that was left may be installed again.
 *
 * @throws {SyncError} `UPDATE_IN_PROGRESS` (another process is at it, for 5 s and longer),
 *   `NO_PREVIOUS`, `PREVIOUS_DAMAGED`, `DENIED` or `REVOKED` (the version before is known to be bad),
 *   `DISK_FULL` or `FOLDER_NOT_WRITABLE` (the live one cannot be kept): nothing was touched or pinned.
 * @throws The signal's reason when it aborts: before anything was done, or once the version before is
 *   back and started, and pinned.
 */
export async function rollBackByHand(
  deps: EngineDeps,
  name: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<UpdateOutcome> {
  const subsystem = subsystemOf(deps.config, name);
  const { state } = deps.config;
  const lock = await lockSubsystemSoon(state, name, signal);
  if (lock === null) {
    throw new SyncError(
      "UPDATE_IN_PROGRESS",
      `Cannot roll back "${name}": another tideline-sync is at it`,
    );
  }
  try {
    await recoverLocked(deps, subsystem, signal);
    const live = await readLive(subsystem.binary);
    const previous = await requirePrevious(deps, name, subsystem.binary, live);
    const now = deps.now();
    const to = goingAway(live, now);
    const attempt = new Attempt(deps, subsystem, {
      ...{ format: 1, subsystem: name, kind: "rollback", state: "planned", generation: 0 },
      ...{ seq: to.seq ?? 0, version: to.version ?? "unknown", startedAt: now, from: previous, to },
      ...{ pidBefore: null, recoveries: 0, isStoppedInOrder: false, failure: null },
    });
    const machine = await waitForMachine(state, signal);
    try {
      signal.throwIfAborted();
      if (isSomebodysOwn(live)) {
        deps.log(`${name}: what was live is kept as ${await keepForeign(subsystem.binary)}`);
      }
      // Nothing is left to wait for: from here on it is both pinned and gone back, however it is
      // stopped. No update comes in between, as the subsystem's lock is held.
      await addPin(state, name, { why: "rollback", version: previous.version, at: now });
      await attempt.step("pinned");
      const detail = `Somebody went back to ${previous.version ?? "the version before"} by hand`;
      return await rollBack(attempt, { reason: "ROLLED_BACK_BY_HAND", detail }, signal);
    } finally {
      await machine.release();
    }
  } finally {
    await lock.release();
  }
}

async function requirePrevious(
  { config, trust }: EngineDeps,
  name: string,
  binary: string,
  live: LiveBinary,
): Promise<VersionFile> {
  const previous = await readPrevious(binary);
  if (previous.state === "damaged") {
    throw new SyncError("PREVIOUS_DAMAGED", `Cannot roll back "${name}": ${previous.problem}`);
  }
  const runs = live.state === "absent" ? null : live.sha256;
  if (previous.state === "absent" || previous.version.checksum === runs) {
    const found = previous.state === "absent" ? "none" : "the one that is live";
    throw new SyncError(
      "NO_PREVIOUS",
      `Cannot roll back "${name}": expected a kept binary, got ${found}`,
    );
  }
  const { checksum, version } = previous.version;
  const before = `Cannot roll back "${name}": the version before, ${version}`;
  if (trust.state.revoked.includes(checksum)) {
    throw new SyncError("REVOKED", `${before}, was revoked`);
  }
  const denial = (await readDenied(config.state))[checksum];
  if (denial !== undefined) {
    throw new SyncError("DENIED", `${before}, is denied here: ${denial.reason}`);
  }
  return previous.version;
}

/** Whether no release has the live binary, so that nobody could get it back: a foreign or an adopted one. */
function isSomebodysOwn(live: LiveBinary): boolean {
  return live.state === "known" ? live.version.seq === null : live.state !== "absent";
}

/** What the live binary is, as far as anybody knows: it may be what nobody knows that is gone back from. */
function goingAway(live: LiveBinary, now: number): VersionFile {
  if (live.state === "known") return live.version;
  const checksum = live.state === "absent" ? "0".repeat(64) : live.sha256;
  return { commit: null, timestamp: now, checksum, version: null, seq: null };
}
