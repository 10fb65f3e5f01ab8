import {
  REASONS,
  type ReasonCode,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";
import type { PublishAnswer } from "../ledger/fleet-ledger.js";
import { SyncError } from "../sync-error.js";
import type { PublishDeps } from "./publish-request.js";

/** What the ledger says where another release has the `seq`, or a higher one. */
const CONFLICTS: readonly string[] = ["SEQ_NOT_NEWER", "SEQ_TAKEN"];

/**
 * Tells the ledger of a release that is public. To tell it twice changes nothing.
 *
 * @returns Null if there is no ledger to tell.
 * @throws {SyncError} `PUBLISH_CONFLICT`; a reason that the ledger shares with machines, as
 *   `MANIFEST_EXPIRED`; `LEDGER_REFUSED` for any other
 */
export async function tellLedger(
  signed: SignedRelease,
  { subsystem, seq, version }: ReleaseManifest,
  { ledger, signal }: PublishDeps,
): Promise<PublishAnswer | null> {
  if (ledger === null) return null;
  const answer = await ledger.publish(signed, signal);
  if (answer.ok) return answer;
  throw new SyncError(
    reasonOf(answer.code),
    `Cannot publish ${subsystem} ${version}: expected the ledger to take release ${seq}, got ${answer.code} (${answer.message})`,
  );
}

function reasonOf(code: string): ReasonCode {
  if (CONFLICTS.includes(code)) return "PUBLISH_CONFLICT";
  return Object.hasOwn(REASONS, code) ? (code as ReasonCode) : "LEDGER_REFUSED";
}
