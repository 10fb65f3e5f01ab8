/**
 * begin, verify, finish: announces a build, has it switched, and leaves the rest to those who look
 * (see follow-served.ts).
 */
import type { DeploymentRecord } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Ledger } from "../ledger/open-ledger.js";
import { followServed } from "./follow-served.js";
import type { ProbeOptions } from "./probe-options.js";
import type { Progress } from "./pursuit.js";
import { type SendOptions, sendAnnouncement, sendRecord } from "./send-deployment.js";
import type { Served } from "./served.js";

/** What a deployer does while the build is announced and not yet looked for. */
export type Switch = () => Promise<void>;

/**
 * Announces the record's build, has it switched, waits for it, and records what is served. Without
 * an address nobody looks: what was switched is recorded, unless somebody was faster.
 *
 * Whatever goes wrong before the record leaves the announcement to the ledger, which ends it after
 * half an hour and knows the build from then on. Ended here, the build would be forgotten, and pages
 * may run it, also if no look ever saw it: should the build that is live be put back, which moves no
 * epoch, they would never hear that theirs is gone.
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
  const progress: Progress = { taken: null };
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
      send.log("Pages may have got the build, so its announcement is left to run out");
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
