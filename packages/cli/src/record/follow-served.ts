/**
 * Confirms and records what public addresses serve, until what is recorded is what they serve.
 *
 * ```text
 * wait (seen once) ──> read the epoch ──> confirm (3 in a row) ──> finish ──> look once more ──> recorded
 *   │                        ^                  │                    │              │
 *   │ time over              ├──────────────────┼──── superseded ────┘              │
 *   v                        └──────────────────┼──── something else, or nothing ───┘
 * fail                                          v
 *                                another build, recorded already: overtaken
 * ```
 *
 * The epoch is read before the look that counts, so that whoever was faster is noticed. In the first
 * round only the wanted build is confirmed, later whatever is served; 20 rounds at most.
 */
import { randomUUID } from "node:crypto";
import type { DeploymentRecord } from "@tideline/version";
import { CommandError } from "../command-error.js";
import { interruptible } from "./interruptible.js";
import { isStillServed } from "./is-still-served.js";
import { nameOfRecord } from "./name-of-record.js";
import { describeObservation, type Observation } from "./observe.js";
import { openLooks } from "./open-looks.js";
import { AGREEING, MAX_ROUNDS } from "./probe-options.js";
import type { Progress, Pursuit } from "./pursuit.js";
import { readEpoch, readLive } from "./read-live.js";
import { recordOfStamp } from "./record-of-stamp.js";
import { sendRecord } from "./send-deployment.js";
import type { Recorded, Served } from "./served.js";
import { observationJson } from "./served-outcome.js";
import { isServed, wantedBuild } from "./wanted-build.js";

/**
 * Follows what is served, as drawn above.
 *
 * @throws {CommandError} `failed`, if nothing is recorded yet and the addresses do not settle in
 *   time; `refused`, if what is served may not be recorded by this caller; `interrupted`.
 */
export async function followServed(pursuit: Pursuit, progress: Progress): Promise<Served> {
  const { ledger, record, send, firstEpoch } = pursuit;
  const wanted = wantedBuild(record);
  const observations: Observation[] = [];
  const look = openLooks(pursuit, progress, observations);

  const first = await look(1, wanted);
  if (first.state !== "settled") throw notServed(pursuit, first, observations);
  // A look that had to wait makes the announcement's epoch an old one.
  let epoch = first.rounds > 1 ? await readEpoch(ledger, record, send) : firstEpoch;
  let wantedEpoch: number | null = null;
  for (let round = 1; ; round++) {
    const observation = await look(AGREEING, round === 1 ? wanted : null);
    const { taken } = progress;
    const stamp = observation.state === "settled" ? observation.stamp : null;
    if (stamp === null) {
      if (taken === null) throw notServed(pursuit, observation, observations);
      send.log(`Since it was recorded, ${describeObservation(observation)}`);
      return taken;
    }
    // It was away for a moment.
    if (taken !== null && isServed(wantedBuild(taken.record), stamp)) return taken;

    const isWanted = isServed(wanted, stamp);
    if (!isWanted) {
      const live = await readLive(ledger, record, send);
      if (live !== null && isServed(wantedBuild(live), stamp)) {
        return { kind: "overtaken", stamp, epoch: live.epoch, wantedEpoch, observations };
      }
    }
    const seen = isWanted ? again(pursuit, epoch, taken) : recordOfStamp(stamp, record);
    const answer = await sendRecord(ledger, { ...seen, asOfEpoch: epoch }, send);
    if (answer.ok) {
      if (isWanted) wantedEpoch = answer.epoch;
      const recorded = { answer, record: seen, isWanted, wantedEpoch, observations };
      progress.taken = { kind: "recorded", ...recorded };
      if (await lookOnceMore(pursuit, progress.taken)) return progress.taken;
      const done = `Recorded ${nameOfRecord(seen)} at epoch ${answer.epoch}, and something else may be served by now`;
      send.log(`${done}; ${round < MAX_ROUNDS ? "looking again" : 'run "tideline reconcile"'}`);
      if (round === MAX_ROUNDS) return progress.taken;
    } else {
      if (answer.code !== "SUPERSEDED" || round === MAX_ROUNDS) {
        return { kind: "refused", answer, observations };
      }
      send.log("Another deployer was faster; looking again at what is served");
    }
    epoch = await readEpoch(ledger, record, send);
  }
}

async function lookOnceMore({ probe, send }: Pursuit, { record, answer }: Recorded) {
  return await interruptible(
    `Stopped while looking once more at ${probe.probes.join(" and ")}: ${nameOfRecord(record)} is recorded at epoch ${answer.epoch}`,
    () => isStillServed(record, probe, send.signal),
  );
}

/** The wanted build's record, for a target that others may have moved since it was announced. */
function again(
  { record, firstEpoch }: Pursuit,
  epoch: number,
  taken: Recorded | null,
): DeploymentRecord {
  return {
    ...record,
    // It was let through when it was announced. What others did since makes it no less served.
    ...(epoch !== firstEpoch && { allowRollback: true }),
    // A second record of it, which under the first one's key would only repeat the first answer.
    ...(taken !== null && { idempotencyKey: randomUUID() }),
  };
}

function notServed(
  { record, probe }: Pursuit,
  last: Observation,
  observations: readonly Observation[],
): CommandError {
  const { appName, environment, version, idempotencyKey } = record;
  const { buildId } = wantedBuild(record);
  return new CommandError(
    "failed",
    `Cannot record ${nameOfRecord(record)} in ${environment}: expected build ${buildId} to be served within ${probe.timeoutMs / 1000} s, but ${describeObservation(last)}`,
    {
      details: {
        ...{ appName, environment, version, idempotencyKey },
        observations: observations.map(observationJson),
      },
    },
  );
}
