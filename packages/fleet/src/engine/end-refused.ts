import type { ReasonCode } from "@tideline/version/fleet";
import type { SyncError } from "../sync-error.js";
import type { Attempt } from "./attempt.js";
import { nextAttemptAt, noteFailure, readAttempts, triesThatCount } from "./attempts.js";
import { deny } from "./denied.js";
import { despiteDisk } from "./despite-disk.js";
import type { UpdateOutcome } from "./update-outcome.js";

/** Ends an attempt that failed before the live binary was touched: `refused`. */
export async function endRefused(attempt: Attempt, error: SyncError): Promise<UpdateOutcome> {
  const { deps, subsystem } = attempt;
  const { seq, version, from, to } = attempt.journal;
  const { reason, message: detail } = error;
  deps.log(`${subsystem.name}: ${version} is not installed: ${reason}: ${detail}`);
  if (IS_OF_THE_BINARY.has(reason)) {
    const { name, versionArgs } = subsystem;
    const denial = { subsystem: name, version, reason, at: deps.now(), versionArgs };
    await deny(attempt.state, [to.checksum], denial);
  }
  await despiteDisk(deps.log, () =>
    noteFailure(attempt.state, subsystem.name, attempt.journal.startedAt, reason),
  );
  await attempt.end({ state: "refused", reason, detail, log: [] }, from?.checksum ?? null);
  const tries = (await readAttempts(attempt.state))[subsystem.name] ?? [];
  const begun = triesThatCount(tries, { seq, sha256: to.checksum }, false);
  const until = IS_OF_THE_BINARY.has(reason) ? null : nextAttemptAt(begun, deps.now());
  return { state: "refused", reason, detail, version, seq, until };
}

// The bytes are the signed ones and do not run here: another download brings the same.
const IS_OF_THE_BINARY: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  "EXEC_FAILED",
  "EXEC_WRONG_VERSION",
]);
