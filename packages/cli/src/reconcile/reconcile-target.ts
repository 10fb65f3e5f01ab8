/**
 * Makes the ledger say what is served: reads the epoch, looks until the addresses agree, and records
 * what was seen if the ledger says another build. Repairs a deployer that died between the switch
 * and the record, and a switch by hand.
 */
import { randomUUID } from "node:crypto";
import type { BuildStamp, DeploymentRecord, RecordAnswer } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Ledger } from "../ledger/open-ledger.js";
import { interruptible } from "../record/interruptible.js";
import { describeObservation, type Observation } from "../record/observe.js";
import { AGREEING, MAX_ROUNDS, type ProbeOptions } from "../record/probe-options.js";
import { readLive } from "../record/read-live.js";
import { recordOfStamp } from "../record/record-of-stamp.js";
import { type SendOptions, sendRecord } from "../record/send-deployment.js";
import { observationJson } from "../record/served-outcome.js";
import { isServed, wantedBuild } from "../record/wanted-build.js";
import { watchProbes } from "../record/watch-probes.js";

/** What came of it. */
export type Reconciled =
  | {
      readonly kind: "agrees";
      readonly stamp: BuildStamp;
      readonly epoch: number;
      readonly observation: Observation;
    }
  | {
      readonly kind: "recorded" | "refused" | "differs";
      readonly record: DeploymentRecord;
      /** Null where nothing was to be recorded (`differs`). */
      readonly answer: RecordAnswer | null;
      /** What the ledger said before; null if nothing. */
      readonly before: { readonly buildId: string; readonly version: string } | null;
      readonly observation: Observation;
    };

/**
 * Reconciles one target.
 *
 * @param isDryRun Records nothing.
 * @throws {CommandError} `failed`, if the addresses do not agree in time or the ledger cannot be
 *   reached; `refused`, if what is served belongs to another target.
 */
export async function reconcileTarget(
  ledger: Ledger,
  target: { readonly appName: string; readonly environment: string },
  probe: ProbeOptions,
  send: SendOptions,
  isDryRun: boolean,
): Promise<Reconciled> {
  const doing = `reconcile ${target.appName} in ${target.environment}`;
  if (ledger.functionsUrl === null) {
    throw new CommandError(
      "usage",
      `Cannot ${doing}: the address of the functions is not known, set CONVEX_URL or use --url`,
    );
  }
  for (let round = 1; ; round++) {
    // Before the look: whoever records in the meantime makes this epoch an old one.
    const before = await readLive(ledger, target, send);
    const observation = await observeServed(doing, target, probe, send);
    const stamp = observation.stamp as BuildStamp;
    if (before !== null && isServed(wantedBuild(before), stamp)) {
      return { kind: "agrees", stamp, epoch: before.epoch, observation };
    }
    const record = {
      ...recordOfStamp(stamp, target),
      asOfEpoch: before?.epoch ?? 0,
      idempotencyKey: randomUUID(),
    };
    if (isDryRun) return { kind: "differs", record, answer: null, before, observation };
    const answer = await sendRecord(ledger, record, send);
    if (answer.ok) return { kind: "recorded", record, answer, before, observation };
    if (answer.code !== "SUPERSEDED" || round === MAX_ROUNDS) {
      return { kind: "refused", record, answer, before, observation };
    }
    send.log("A deployer recorded in the meantime; looking again at what is served");
  }
}

async function observeServed(
  doing: string,
  { appName, environment }: { readonly appName: string; readonly environment: string },
  { probes, ...watch }: ProbeOptions,
  send: SendOptions,
): Promise<Observation> {
  const rules = { probes, agreeing: AGREEING, wanted: null };
  const sentence = `Stopped while waiting for ${probes.join(" and ")}, nothing is recorded: ${doing}`;
  const observation = await interruptible(sentence, () =>
    watchProbes(rules, { ...watch, signal: send.signal }),
  );
  if (observation.state === "settled") return observation;
  throw new CommandError(
    "failed",
    `Cannot ${doing}: expected one build ${AGREEING} times in a row within ${watch.timeoutMs / 1000} s, but ${describeObservation(observation)}`,
    { details: { appName, environment, observation: observationJson(observation) } },
  );
}
