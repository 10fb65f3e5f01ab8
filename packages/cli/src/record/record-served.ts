/**
 * begin, verify, finish: announces a build, has it switched, and leaves the rest to those who look
 * (see follow-served.ts). Owns how an announcement ends that came to no record.
 */
import type { DeploymentRecord } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Ledger } from "../ledger/open-ledger.js";
import { followServed } from "./follow-served.js";
import type { ProbeOptions } from "./probe-options.js";
import type { Progress } from "./pursuit.js";
import { type SendOptions, sendAbort, sendAnnouncement, sendRecord } from "./send-deployment.js";
import type { Served } from "./served.js";

/** What a deployer does while the build is announced and not yet looked for. */
export type Switch = () => Promise<void>;

/**
 * Announces the record's build, has it switched, waits for it, and records what is served. Without
 * an address nobody looks: what was switched is recorded, unless somebody was faster.
 *
 * Whatever goes wrong before the record ends the announcement, unless the build was served for a
 * moment: pages may run it, and the ledger, which ends the announcement after half an hour, will
 * know them then. A process that dies leaves it to the ledger too.
 *
 * @param switchOver Puts the build in place. @default somebody did already
 * @throws {CommandError} `failed`, if another build is served when the time is over, or the ledger
 *   cannot be reached; `interrupted` by the signal.
 */
export async function recordServed(
  ledger: Ledger,
  record: DeploymentRecord,
  probe: ProbeOptions,
  send: SendOptions,
  switchOver: Switch = async () => {},
): Promise<Served> {
  const begun = await sendAnnouncement(ledger, record, send);
  if (!begun.ok) return { kind: "refused", answer: begun, observations: [] };
  const firstEpoch = begun.epoch;
  const progress: Progress = { wasServed: false, taken: null };
  const sayWhatStays = () => {
    if (progress.taken === null) return;
    send.log('What is recorded may not be what is served; run "tideline reconcile"');
  };
  try {
    await switchOver();
    if (probe.probes.length === 0) return await recordUnseen(ledger, record, firstEpoch, send);
    const served = await followServed({ ledger, record, probe, send, firstEpoch }, progress);
    if (served.kind === "refused") sayWhatStays();
    return served;
  } catch (error) {
    sayWhatStays();
    const isOver = error instanceof CommandError && error.isOutcomeUnknown;
    // A record that was taken, or may have arrived, has ended the announcement or is about to.
    if (begun.state === "pending" && progress.taken === null && !isOver) {
      if (progress.wasServed) {
        send.log("It was served for a moment, so its announcement is left to run out");
      } else await endAnnouncement(ledger, record, send);
    }
    throw error;
  }
}

async function recordUnseen(
  ledger: Ledger,
  record: DeploymentRecord,
  asOfEpoch: number,
  send: SendOptions,
): Promise<Served> {
  const answer = await sendRecord(ledger, { ...record, asOfEpoch }, send);
  if (!answer.ok) return { kind: "refused", answer, observations: [] };
  const wantedEpoch = answer.epoch;
  return { kind: "recorded", answer, record, isWanted: true, wantedEpoch, observations: [] };
}

async function endAnnouncement(
  ledger: Ledger,
  record: DeploymentRecord,
  { log }: SendOptions,
): Promise<void> {
  try {
    // Without the signal, which may be why we are here.
    await sendAbort(ledger, record, { timeoutMs: 5_000, log: () => {} });
  } catch {
    log("The announcement could not be ended; it ends by itself within 30 minutes");
  }
}
