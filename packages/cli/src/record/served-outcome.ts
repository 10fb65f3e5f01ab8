import { type DeploymentRecord, shortCommit } from "@tideline/version";
import { EXIT_CODES } from "../command.js";
import type { Outcome } from "../terminal.js";
import { nameOfRecord } from "./name-of-record.js";
import type { Observation } from "./observe.js";
import { inOwnWords } from "./own-words.js";
import type { Served } from "./served.js";

/**
 * Says what came of a deployment that was looked at.
 *
 * @param record What was to be recorded.
 */
export function servedOutcome(
  served: Served,
  record: DeploymentRecord & { readonly idempotencyKey?: string },
): Outcome {
  const { appName, environment, version } = record;
  const json = {
    ...{ appName, environment, version },
    ...(record.idempotencyKey !== undefined && { idempotencyKey: record.idempotencyKey }),
    observations: served.observations.map(observationJson),
  };
  switch (served.kind) {
    case "refused": {
      const message = inOwnWords(served.answer.message);
      return refused(message, { ...served.answer, ...json, message });
    }
    case "overtaken": {
      const { stamp, epoch, wantedEpoch } = served;
      const message = `${overtaken(record, wantedEpoch)}, ${stamp.version} (${shortCommit(stamp.gitCommit ?? "unknown")}) is served and recorded at epoch ${epoch}`;
      return refused(message, {
        ok: false,
        code: "OVERTAKEN",
        message,
        epoch,
        wantedEpoch,
        ...json,
      });
    }
    case "recorded": {
      const { answer, wantedEpoch } = served;
      const what = `${nameOfRecord(served.record)} in ${environment}: ${answer.kind}, build ${answer.buildId}, epoch ${answer.epoch}`;
      if (!served.isWanted) {
        const message = `${overtaken(record, wantedEpoch)}; recorded what is served instead, ${what}`;
        const outcome = { ok: false, code: "OVERTAKEN", message, wantedEpoch };
        return refused(message, { ...answer, ...json, ...outcome });
      }
      const done = answer.alreadyRecorded ? "Already recorded" : "Recorded";
      return {
        exitCode: EXIT_CODES.done,
        text: `${done} ${what}${seenAt(served.observations)}`,
        json: { ...answer, ...json },
      };
    }
    default:
      return served satisfies never;
  }
}

/** An observation as data: what each address answered, how often. */
export function observationJson({ state, rounds, inARow, probes }: Observation): object {
  return {
    state,
    rounds,
    inARow,
    probes: probes.map(({ address, builds, failures, last }) => ({
      address,
      builds: [...builds].map(([buildId, { stamp, answers }]) => ({
        buildId,
        version: stamp.version,
        gitCommit: stamp.gitCommit,
        answers,
      })),
      failures,
      problem: last?.problem ?? null,
    })),
  };
}

function seenAt(observations: readonly Observation[]): string {
  const last = observations.at(-1);
  if (last === undefined) return "";
  const addresses = last.rules.probes.join(" and ");
  return `; ${addresses} gave it ${last.inARow} times in a row`;
}

function refused(text: string, json: object): Outcome {
  return { exitCode: EXIT_CODES.refused, text, json };
}

function overtaken(record: DeploymentRecord, wantedEpoch: number | null): string {
  const what = `${nameOfRecord(record)} in ${record.environment}`;
  return wantedEpoch === null
    ? `Cannot record ${what}: it was overtaken`
    : `Cannot keep ${what}: it was recorded at epoch ${wantedEpoch} and overtaken`;
}
