/**
 * What deploying and reconciling jobs do: the command's own code, on the ledger's real functions.
 * Here is only what surrounds it, the workflow that announces and switches, and a world in which
 * every request is a step that others may come before.
 */
import { CommandError } from "@tideline/cli";
import type { BuildId, BuildStamp, DeploymentRecord } from "@tideline/version";
import type { Ledger } from "../../../cli/src/ledger/open-ledger.js";
import { reconcileTarget } from "../../../cli/src/reconcile/reconcile-target.js";
import type { ProbeOptions } from "../../../cli/src/record/probe-options.js";
import { recordServed } from "../../../cli/src/record/record-served.js";
import { type SendOptions, sendAnnouncement } from "../../../cli/src/record/send-deployment.js";
import type { MemoryLedger } from "../interleavings/memory-ledger.js";
import type { Build, Region } from "./region.js";

/** The application whose targets the regions are. */
export const APP = "web";

/** The record token of the model's ledger. */
export const TOKEN = "race-model-record-token";

/** One job. */
export interface Job {
  readonly ledger: MemoryLedger;
  readonly regions: readonly Region[];
  readonly build: Build;
  /** True for `tideline rollback`, false for a workflow around `tideline record`. */
  readonly isRollback: boolean;
  /** Differs between jobs: what a record's idempotency key is made of. */
  readonly run: string;
  /** Gives what the runner's clock says, in ms since epoch: hours off, it may be. */
  readonly runnerNow: () => number;
}

/** Lets others act. */
export type Turn = () => Promise<void>;

const SEND: SendOptions = { timeoutMs: 60_000, log: () => {} };

/**
 * Deploys to one region after the other and stops at the first that is not recorded. A workflow
 * runs `tideline record --announce` for each before it switches any, then switches and runs
 * `tideline record --probe`; `tideline rollback` does all three, a region at a time.
 *
 * @returns False if it was told that what is served may not be recorded.
 */
export async function deploy(job: Job, turn: Turn): Promise<boolean> {
  const { regions, build, isRollback } = job;
  const ledger = ledgerOf(job.ledger, turn);
  if (!isRollback) {
    for (const region of regions) {
      const announced = await sendAnnouncement(ledger, recordOf(job, region), SEND);
      if (!announced.ok) return true;
    }
  }
  for (const region of regions) {
    const switchOver = async () => {
      await turn();
      region.switchTo(build);
    };
    if (!isRollback) await switchOver();
    const served = await orFailure(
      recordServed(
        ledger,
        recordOf(job, region),
        probeOf(region, turn),
        SEND,
        isRollback ? switchOver : undefined,
      ),
    );
    if (served === null || served.kind === "refused") return false;
    if (served.kind === "overtaken" || !served.isWanted) return true;
  }
  return true;
}

/** Runs `tideline reconcile` for one region. */
export async function reconcile(ledger: MemoryLedger, region: Region, turn: Turn): Promise<void> {
  const target = { appName: APP, environment: region.environment };
  const probe = probeOf(region, turn);
  await orFailure(reconcileTarget(ledgerOf(ledger, turn), target, probe, SEND, false));
}

/** A command that fails has said why, and its job is over; anything else is a bug. */
async function orFailure<Answer>(command: Promise<Answer>): Promise<Answer | null> {
  try {
    return await command;
  } catch (error) {
    if (error instanceof CommandError && error.kind === "failed") return null;
    throw error;
  }
}

function ledgerOf(ledger: MemoryLedger, turn: Turn): Ledger {
  const names = {
    begin: "announceDeployment",
    finish: "recordDeployment",
    abort: "abortDeployment",
  } as const;
  return {
    identity: "token",
    functionsUrl: "http://ledger.example",
    ask: async (action, args) => {
      await turn();
      return await ledger.mutation(names[action], { ...args, token: TOKEN });
    },
    call: async (_kind, _path, args) => {
      await turn();
      return await ledger.query("watchLatestDeployment", args);
    },
  };
}

/** A look never lies. The job's own time passes while it pauses, and while others act it does not. */
function probeOf(region: Region, turn: Turn): ProbeOptions {
  let elapsedMs = 0;
  return {
    probes: [`http://${region.environment}.example/`],
    intervalMs: 2_000,
    // Six looks: whoever was overtaken for good finds out soon enough.
    timeoutMs: 10_000,
    look: async () => {
      await turn();
      return { stamp: stampOf(region.served, region.environment), problem: null };
    },
    clock: {
      now: () => elapsedMs,
      sleep: async (ms) => {
        elapsedMs += ms;
      },
      // Nobody's look lasts, so none is cut short.
      after: () => () => {},
    },
  };
}

function recordOf({ build, isRollback, run, runnerNow }: Job, region: Region): DeploymentRecord {
  const { environment } = region;
  return {
    ...{ appName: APP, environment, version: build.buildId, ...build },
    buildNumber: 1,
    buildTime: runnerNow(),
    commitTime: runnerNow(),
    idempotencyKey: `${run}:${environment}`,
    ...(isRollback && { allowRollback: true }),
  };
}

/** What a build says of itself in a region. */
export function stampOf(
  { buildId, gitCommit }: { readonly buildId: string; readonly gitCommit: string | null },
  environment: string,
): BuildStamp {
  return {
    appName: APP,
    environment,
    buildId: buildId as BuildId,
    version: buildId,
    gitCommit,
    gitBranch: null,
    gitDirty: false,
    gitTag: null,
    buildNumber: 0,
    buildTime: 0,
    commitTime: null,
  };
}
