import { type DeploymentRecord, shortCommit } from "@tideline/version";
import { EXIT_CODES } from "../command.js";
import type { Outcome } from "../terminal.js";
import type { Observation } from "./observe.js";
import { inOwnWords } from "./own-words.js";
import type { Served } from "./record-served.js";

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
      const { stamp, epoch } = served;
      const message = `Cannot record ${nameOf(record)} in ${environment}: it was overtaken, ${stamp.version} (${shortCommit(stamp.gitCommit ?? "unknown")}) is served and recorded at epoch ${epoch}`;
      return refused(message, { ok: false, code: "OVERTAKEN", message, epoch, ...json });
    }
    case "recorded": {
      const { answer } = served;
      const what = `${nameOf(served.record)} in ${environment}: ${answer.kind}, build ${answer.buildId}, epoch ${answer.epoch}`;
      if (!served.isWanted) {
        const message = `Cannot record ${nameOf(record)} in ${environment}: it was overtaken; recorded what is served instead, ${what}`;
        return refused(message, { ...answer, ...json, ok: false, code: "OVERTAKEN", message });
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

function nameOf({ appName, version, gitCommit }: DeploymentRecord): string {
  return `${appName} ${version} (${shortCommit(gitCommit)})`;
}
