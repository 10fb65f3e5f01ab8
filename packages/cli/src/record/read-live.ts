/** What the ledger says of a target, for those who look at what it serves. */
import { type DeploymentRecord, FUNCTION_NAMES } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Ledger } from "../ledger/open-ledger.js";
import { type SendOptions, sendAnnouncement } from "./send-deployment.js";

/** The live deployment, as `watchLatestDeployment` gives it. */
export interface Live {
  readonly epoch: number;
  readonly buildId: string;
  readonly version: string;
  readonly gitCommit: string;
}

/** Gives what is live; null before the first record, and where no query can be asked. */
export async function readLive(
  ledger: Ledger,
  { appName, environment }: Pick<DeploymentRecord, "appName" | "environment">,
  send: SendOptions,
): Promise<Live | null> {
  if (ledger.functionsUrl === null) return null;
  const live = await ledger.call(
    "query",
    FUNCTION_NAMES.watchLatestDeployment,
    { appName, environment },
    { ...send, doing: `read what is live on ${appName}/${environment}` },
  );
  return live as Live | null;
}

/**
 * Gives the target's epoch, to who has announced the record. Announcing again says it too, and needs
 * no other address.
 *
 * @throws {CommandError} `refused`, if that is the only way and the ledger refuses it.
 */
export async function readEpoch(
  ledger: Ledger,
  record: DeploymentRecord,
  send: SendOptions,
): Promise<number> {
  if (ledger.functionsUrl !== null) return (await readLive(ledger, record, send))?.epoch ?? 0;
  // It was let through before; what others did since is no reason to hide the epoch.
  const begun = await sendAnnouncement(ledger, { ...record, allowRollback: true }, send);
  if (begun.ok) return begun.epoch;
  throw new CommandError("refused", begun.message, { code: begun.code });
}
