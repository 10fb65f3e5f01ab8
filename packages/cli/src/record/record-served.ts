/**
 * begin, verify, finish: announces a build, waits until every public address serves it, and records
 * what was seen. The epoch is read before the look that counts, so that whoever was faster is
 * noticed and what is served is looked at again.
 *
 * ```text
 * begin ──> wait (seen once) ──> read the epoch ──> confirm (3 in a row) ──> finish ──> recorded
 *             │                        ^                  │                    │
 *             │ time over              └──── superseded: confirm whatever is served, 20 times at most
 *             └──> end the announcement, fail
 * ```
 */
import {
  type BuildStamp,
  type DeploymentRecord,
  FUNCTION_NAMES,
  type RecordAnswer,
  shortCommit,
} from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Ledger } from "../ledger/open-ledger.js";
import { describeObservation, type Observation } from "./observe.js";
import { recordOfStamp } from "./record-of-stamp.js";
import { type SendOptions, sendAbort, sendAnnouncement, sendRecord } from "./send-deployment.js";
import { isServed } from "./wanted-build.js";
import { REAL_CLOCK, type WatchOptions, watchProbes } from "./watch-probes.js";

/** How often addresses must agree before they are believed. */
export const AGREEING = 3;
const MAX_LOOKS = 20;

/** Where and how to look. */
export interface ProbeOptions extends Omit<WatchOptions, "signal" | "onRound"> {
  readonly probes: readonly string[];
}

/** What came of it. */
export type Served =
  | {
      readonly kind: "recorded";
      readonly answer: RecordAnswer & { readonly ok: true };
      /** The build that is served; another than the wanted one if that was overtaken. */
      readonly record: DeploymentRecord;
      readonly isWanted: boolean;
      readonly observations: readonly Observation[];
    }
  | {
      readonly kind: "refused";
      readonly answer: RecordAnswer & { readonly ok: false };
      readonly observations: readonly Observation[];
    }
  /** Another deployer's build is served, and recorded already. */
  | {
      readonly kind: "overtaken";
      readonly stamp: BuildStamp;
      readonly epoch: number;
      readonly observations: readonly Observation[];
    };

/** What a deployer does while the build is announced and not yet looked for. */
export type Switch = () => Promise<void>;

/**
 * Announces the record's build, has it switched, waits for it, and records what is served.
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
  let wasServed = false;
  try {
    await switchOver();
    return await verifyAndFinish(ledger, record, probe, send, begun.epoch, () => {
      wasServed = true;
    });
  } catch (error) {
    const isOver = error instanceof CommandError && error.isOutcomeUnknown;
    // A record that may have arrived has ended the announcement, or is about to.
    if (begun.state === "pending" && !isOver) {
      if (wasServed) send.log("It was served for a moment, so its announcement is left to run out");
      else await endAnnouncement(ledger, record, send);
    }
    throw error;
  }
}

async function verifyAndFinish(
  ledger: Ledger,
  record: DeploymentRecord,
  probe: ProbeOptions,
  send: SendOptions,
  firstEpoch: number,
  onServed: () => void,
): Promise<Served> {
  const doing = `record ${nameOf(record)} in ${record.environment}`;
  const wanted = {
    buildId: record.buildId ?? `label:${record.version}`,
    version: record.version,
    gitCommit: record.gitCommit,
  };
  const observations: Observation[] = [];
  const { now } = probe.clock ?? REAL_CLOCK;
  const end = now() + probe.timeoutMs;
  const settle = async (agreeing: number, isAny: boolean) => {
    const { probes, ...watch } = probe;
    const rules = { probes, agreeing, wanted: isAny ? null : wanted };
    // What was seen in the last moment still gets the looks that confirm it.
    const leftMs = Math.max(end - now(), agreeing * watch.intervalMs);
    const timeoutMs = isAny ? watch.timeoutMs : leftMs;
    const observation = await interruptible(doing, probes, () =>
      watchProbes(rules, {
        ...watch,
        timeoutMs,
        signal: send.signal,
        onRound: ({ probes }) => {
          const isSeen = probes.some(({ last }) => last?.stamp && isServed(wanted, last.stamp));
          if (isSeen) onServed();
        },
      }),
    );
    observations.push(observation);
    if (observation.state === "settled" && observation.stamp) return observation.stamp;
    throw new CommandError(
      "failed",
      `Cannot ${doing}: expected build ${wanted.buildId} to be served within ${probe.timeoutMs / 1000} s, but ${describeObservation(observation)}`,
    );
  };
  if (probe.probes.length > 0) await settle(1, false);
  // A look that had to wait makes the announcement's epoch an old one.
  let epoch =
    (observations[0]?.rounds ?? 0) > 1 ? await readEpoch(ledger, record, send) : firstEpoch;
  for (let look = 1; ; look++) {
    const stamp = probe.probes.length > 0 ? await settle(AGREEING, look > 1) : null;
    const isWanted = stamp === null || isServed(wanted, stamp);
    if (!isWanted) {
      const live = await readLive(ledger, record, send);
      if (live?.buildId === stamp.buildId) {
        return { kind: "overtaken", stamp, epoch: live.epoch, observations };
      }
    }
    const seen: DeploymentRecord = isWanted ? record : recordOfStamp(stamp, record);
    const answer = await sendRecord(ledger, { ...seen, asOfEpoch: epoch }, send);
    if (answer.ok) return { kind: "recorded", answer, record: seen, isWanted, observations };
    const mayLookAgain = answer.code === "SUPERSEDED" && stamp !== null && look < MAX_LOOKS;
    if (!mayLookAgain) return { kind: "refused", answer, observations };
    send.log(`Another deployer was faster; looking again at what is served`);
    epoch = await readEpoch(ledger, record, send);
  }
}

/** The target's epoch now. Announcing again says it too, and needs no other address. */
async function readEpoch(
  ledger: Ledger,
  record: DeploymentRecord,
  send: SendOptions,
): Promise<number> {
  if (ledger.functionsUrl !== null) return (await readLive(ledger, record, send))?.epoch ?? 0;
  const begun = await sendAnnouncement(ledger, record, send);
  if (begun.ok) return begun.epoch;
  throw new CommandError("refused", begun.message, { code: begun.code });
}

/** What the ledger says is live; null before the first record, and where no query can be asked. */
export async function readLive(
  ledger: Ledger,
  { appName, environment }: Pick<DeploymentRecord, "appName" | "environment">,
  send: SendOptions,
): Promise<{
  readonly epoch: number;
  readonly buildId: string;
  readonly version: string;
  readonly gitCommit: string;
} | null> {
  if (ledger.functionsUrl === null) return null;
  const live = await ledger.call(
    "query",
    FUNCTION_NAMES.watchLatestDeployment,
    { appName, environment },
    { ...send, doing: `read what is live on ${appName}/${environment}` },
  );
  return live as Awaited<ReturnType<typeof readLive>>;
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

/** Runs what waits and says what was waited for when a signal ends it. */
export async function interruptible<Result>(
  doing: string,
  probes: readonly string[],
  wait: () => Promise<Result>,
): Promise<Result> {
  try {
    return await wait();
  } catch (cause) {
    if ((cause as Error).name !== "AbortError") throw cause;
    throw new CommandError(
      "interrupted",
      `Stopped while waiting for ${probes.join(" and ")}, nothing is recorded: ${doing}`,
      { cause },
    );
  }
}

function nameOf({ appName, version, gitCommit }: DeploymentRecord): string {
  return `${appName} ${version} (${shortCommit(gitCommit)})`;
}
