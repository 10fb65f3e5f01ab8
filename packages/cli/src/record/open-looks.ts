import { REAL_CLOCK } from "./clock.js";
import { interruptible } from "./interruptible.js";
import { nameOfRecord } from "./name-of-record.js";
import type { Observation } from "./observe.js";
import type { Progress, Pursuit } from "./pursuit.js";
import type { WantedBuild } from "./wanted-build.js";
import { watchProbes } from "./watch-probes.js";

/**
 * Looks until so many rounds in a row agree: on the build, or with null on whichever it is.
 *
 * @returns `looking`, if they did not before the time was over.
 * @throws {CommandError} `interrupted`, when the signal ends it.
 */
export type Look = (agreeing: number, wanted: WantedBuild | null) => Promise<Observation>;

/**
 * Gives what looks at a deployment's addresses. All looks for the wanted build share the time that
 * there is; each look for whatever is served has all of it.
 *
 * @param observations What was seen is added here.
 */
export function openLooks(
  { record, probe, send }: Pursuit,
  progress: Progress,
  observations: Observation[],
): Look {
  const { probes, ...watch } = probe;
  const { now } = probe.clock ?? REAL_CLOCK;
  const end = now() + probe.timeoutMs;
  return async (agreeing, wanted) => {
    // What was seen in the last moment still gets the looks that confirm it.
    const leftMs = Math.max(end - now(), agreeing > 1 ? agreeing * watch.intervalMs : 0);
    const observation = await interruptible(
      `Stopped while waiting for ${probes.join(" and ")}, ${leftAs(progress)}: record ${nameOfRecord(record)} in ${record.environment}`,
      () =>
        watchProbes(
          { probes, agreeing, wanted },
          { ...watch, timeoutMs: wanted === null ? watch.timeoutMs : leftMs, signal: send.signal },
        ),
    );
    observations.push(observation);
    return observation;
  };
}

function leftAs({ taken }: Progress): string {
  if (taken === null) return "nothing is recorded";
  return `${nameOfRecord(taken.record)} is recorded at epoch ${taken.answer.epoch}`;
}
