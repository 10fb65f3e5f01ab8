/**
 * Whether what the ledger calls live is what is served. It need not be: somebody may have switched
 * by hand, or died between the switch and the record.
 */
import type { DeploymentRecord } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Ledger } from "../ledger/open-ledger.js";
import { reconcileTarget } from "../reconcile/reconcile-target.js";
import { REAL_CLOCK } from "../record/clock.js";
import { interruptible } from "../record/interruptible.js";
import { lookOnce } from "../record/look-once.js";
import { inOwnWords } from "../record/own-words.js";
import { AGREEING, type ProbeOptions } from "../record/probe-options.js";
import type { Sight } from "../record/published-stamp.js";
import type { SendOptions } from "../record/send-deployment.js";
import { isServed, wantedBuild } from "../record/wanted-build.js";

// Whoever goes back is in a hurry: what never settles is switched over all the same.
const MAX_SETTLE_MS = 30_000;

/**
 * Looks whether the live build is served, three times in a row. The first look that shows something
 * else is enough to say no: putting a build in place once more harms nobody.
 *
 * Another build that is served is recorded first, as `tideline reconcile` does: the pages that got
 * it hear of the way back only if the ledger knows that it was there. Where that fails, the way back
 * goes on.
 *
 * @returns True also where there is no address to look at.
 * @throws {CommandError} `interrupted` by the signal.
 */
export async function isInPlace(
  ledger: Ledger,
  record: DeploymentRecord,
  probe: ProbeOptions,
  send: SendOptions,
): Promise<boolean> {
  const { probes } = probe;
  if (probes.length === 0) {
    send.log("Nobody looks whether it is served: without --probe the ledger is believed");
    return true;
  }
  const other = await interruptible(
    `Stopped while looking at ${probes.join(" and ")}, nothing is changed`,
    () => findOther(record, probe, send.signal),
  );
  if (other === null) return true;
  if (other.stamp === null) {
    send.log(`The ledger calls it live, but ${other.problem}`);
    return false;
  }
  const { version, buildId } = other.stamp;
  send.log(`The ledger calls it live, but ${version} (build ${buildId}) is served`);
  return await recordOther(ledger, record, probe, send);
}

/** Gives the first sight that is not the record's build; null if there is none. */
async function findOther(
  record: DeploymentRecord,
  { probes, timeoutMs, intervalMs, look, clock = REAL_CLOCK }: ProbeOptions,
  signal: AbortSignal | undefined,
): Promise<Sight | null> {
  const wanted = wantedBuild(record);
  for (let round = 1; ; round++) {
    const { sights } = await lookOnce(probes, { withinMs: timeoutMs, signal, look, clock });
    const other = sights.find(({ stamp }) => stamp === null || !isServed(wanted, stamp));
    if (other !== undefined) return other;
    if (round === AGREEING) return null;
    await clock.sleep(intervalMs, signal);
  }
}

/** @returns True if it was away for a moment, and the live build is served after all. */
async function recordOther(
  ledger: Ledger,
  record: DeploymentRecord,
  probe: ProbeOptions,
  send: SendOptions,
): Promise<boolean> {
  const timeoutMs = Math.min(probe.timeoutMs, MAX_SETTLE_MS);
  const notRecorded = (why: string) =>
    send.log(`What is served is not recorded, so pages that got it may not hear of this: ${why}`);
  try {
    const { kind, ...found } = await reconcileTarget(
      ledger,
      record,
      { ...probe, timeoutMs },
      send,
      false,
    );
    if (kind === "agrees") return true;
    const answer = "answer" in found ? found.answer : null;
    if (answer?.ok) send.log(`Recorded what is served until then, epoch ${answer.epoch}`);
    else if (answer) notRecorded(inOwnWords(answer.message));
  } catch (error) {
    if (!(error instanceof CommandError) || error.kind === "interrupted") throw error;
    notRecorded(error.message);
  }
  return false;
}
