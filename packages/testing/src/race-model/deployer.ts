/**
 * What a deploying job does against the ledger's real functions. Each `yield` is a moment in which
 * others act; a job that is never resumed has crashed there.
 */
import type { LatestDeployment } from "@tideline/version";
import type { MemoryLedger } from "../interleavings/memory-ledger.js";
import type { Build, Region } from "./region.js";

/** The application whose targets the regions are. */
export const APP = "web";

/** The record token of the model's ledger. */
export const TOKEN = "race-model-record-token";

// A job that is overtaken again and again gives up; the one that overtook it has recorded.
const MAX_ATTEMPTS = 20;

/** One job. */
export interface Job {
  readonly ledger: MemoryLedger;
  readonly regions: readonly Region[];
  readonly build: Build;
  readonly allowRollback: boolean;
  /** Gives what the runner's clock says, in ms since epoch: hours off, it may be. */
  readonly runnerNow: () => number;
  /** Observe once more after the record; see {@link recordServed}. */
  readonly looksAgain: boolean;
}

/** Announces in every region, then switches and records one region after the other. */
export async function* deploy(job: Job): AsyncGenerator<void, void> {
  const { ledger, regions, build, allowRollback } = job;
  for (const { environment } of regions) {
    const answer = (await ledger.mutation("announceDeployment", {
      appName: APP,
      environment,
      ...build,
      version: build.buildId,
      allowRollback,
      token: TOKEN,
    })) as { readonly ok: boolean };
    if (!answer.ok) return;
    yield;
  }
  for (const region of regions) {
    region.switchTo(build);
    yield;
    yield* recordServed(job, region);
  }
}

/**
 * Records what a region serves, whoever put it there: reads the epoch, then looks what is served,
 * then records that as of the epoch; if it was overtaken, again from the start.
 *
 * With `looksAgain` it also looks after the record was taken, and starts again if something else is
 * served by then. Without, one case is left to the reconciling job: the look sees B, another job
 * puts the build back that is live already (which moves no epoch), and B is recorded after it.
 */
export async function* recordServed(
  { ledger, runnerNow, looksAgain }: Pick<Job, "ledger" | "runnerNow" | "looksAgain">,
  region: Region,
): AsyncGenerator<void, void> {
  const target = { appName: APP, environment: region.environment };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const latest = await ledger.query("watchLatestDeployment", target);
    const asOfEpoch = (latest as LatestDeployment | null)?.epoch ?? 0;
    yield;
    const observed = region.served;
    yield;
    const answer = (await ledger.mutation("recordDeployment", {
      ...target,
      ...observed,
      version: observed.buildId,
      buildNumber: 1,
      buildTime: runnerNow(),
      commitTime: runnerNow(),
      // It is served already: to refuse it would be to deny it.
      allowRollback: true,
      asOfEpoch,
      token: TOKEN,
    })) as { readonly ok: boolean; readonly code?: string };
    yield;
    if (!answer.ok && answer.code !== "SUPERSEDED") throw new Error(JSON.stringify(answer));
    if (answer.ok && (!looksAgain || region.served === observed)) return;
  }
}
