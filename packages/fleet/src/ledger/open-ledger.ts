/** Which ledger a machine has, and how a command or the service comes to it. */
import type { FleetTarget } from "@tideline/version/fleet";
import type { Env } from "../commands/terminal.js";
import type { SyncConfig } from "../config/sync-config.js";
import { childSignal } from "../engine/child-signal.js";
import { SyncError } from "../sync-error.js";
import type { TrustStore } from "../trust/trust-store.js";
import { UsageError } from "../usage-error.js";
import type { ConvexLedger } from "./convex-ledger.js";
import type { HeardLedger } from "./heard-ledger.js";
import { noteHeard, readHeard } from "./heard-targets.js";
import { noteSeen, readSeen } from "./ledger-seen.js";
import type { LocalLedger } from "./local-ledger.js";
import { type Machine, readMachine } from "./machine-file.js";
import { openReportQueue } from "./report-queue.js";

/** What a ledger is opened with. */
export interface OpenLedgerOptions {
  readonly config: SyncConfig;
  readonly env: Env;
  readonly trust: TrustStore;
  readonly fetch: typeof fetch;
  /** ms since epoch. */
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Ends requests to the release host. */
  readonly signal: AbortSignal;
  /** Writes nothing on this machine and tells the ledger nothing, as for a dry run. @default false */
  readonly isReadOnly?: boolean;
}

/** A ledger, and who the machine is to it; null if it is not enrolled, or there is nobody to be known to. */
export interface OpenLedger {
  readonly ledger: ConvexLedger | LocalLedger;
  readonly machine: Machine | null;
}

/**
 * Opens the configured ledger.
 *
 * @throws {UsageError} If there is one and the machine is not enrolled with it, or has no read token.
 */
export async function openLedger(options: OpenLedgerOptions): Promise<OpenLedger> {
  const { config, env, fetch, now, log, isReadOnly = false } = options;
  if (config.ledger === null) {
    return { ledger: await openLocal(options, null), machine: null };
  }
  const { url } = config.ledger;
  const machine = await requireMachine(config, url);
  const readToken = env.TIDELINE_FLEET_READ_TOKEN;
  if (!readToken) {
    throw new UsageError("Cannot read the ledger: expected TIDELINE_FLEET_READ_TOKEN, got none");
  }
  const { openConvexLedger } = await import("./convex-ledger.js");
  const ledger = openConvexLedger({
    ...{ url, readToken, fetch, now, log },
    channel: config.machine.channel,
    operatorToken: env.TIDELINE_FLEET_TOKEN || null,
    reports: isReadOnly ? null : openReportQueue(config.state, machine, log),
    running: async () => {
      const { readRunning } = await import("./read-running.js");
      return await readRunning(config);
    },
  });
  return { ledger, machine };
}

/** A ledger that has targets. */
export interface OpenLedgerNow {
  readonly ledger: ConvexLedger | LocalLedger | HeardLedger;
  readonly machine: Machine | null;
}

/**
 * Opens a ledger that has targets, for a command that acts once. In the place of one that does not
 * answer in time comes what it had called settled when it was heard last; reports wait for its return.
 *
 * @param options.withoutLedger Does not ask the ledger: the newest signed release of the release host
 *   is what is asked for, past rings, pauses and halts. @default false
 * @param subsystems Those whose targets are needed.
 * @param waitMs For the ledger's first answer. @default 10_000
 * @throws {SyncError} `TOKEN_REFUSED` or `LEDGER_REFUSED`: one that answers is not away.
 *   `LEDGER_UNREACHABLE` if it does not, and has never been heard.
 */
export async function openLedgerNow(
  options: OpenLedgerOptions & { readonly withoutLedger?: boolean },
  subsystems: readonly string[],
  waitMs = 10_000,
): Promise<OpenLedgerNow> {
  if (options.withoutLedger === true && options.config.ledger !== null) {
    return await openWithout(options, subsystems);
  }
  const opened = await openLedger(options);
  if (opened.ledger.kind === "local") {
    await refreshAll(opened.ledger, subsystems);
    return opened;
  }
  const { config, now, signal } = options;
  try {
    const targets = await firstTargets(opened.ledger, waitMs, signal);
    if (targets !== null) {
      const at = now();
      if (!options.isReadOnly) {
        await noteSeen(config.state, at);
        await noteHeard(config.state, { ...ledgerOf(config), at, targets });
      }
      return opened;
    }
  } catch (error) {
    await opened.ledger.close();
    throw error;
  }
  await opened.ledger.close();
  return await openHeard(options, opened.machine);
}

async function openHeard(
  { config, log, isReadOnly = false }: OpenLedgerOptions,
  machine: Machine | null,
): Promise<OpenLedgerNow> {
  const { url, channel } = ledgerOf(config);
  const heard = await readHeard(config.state, { url, channel });
  if (heard === null) {
    throw new SyncError(
      "LEDGER_UNREACHABLE",
      `Cannot go on without the ledger at ${url}: expected an answer, now or earlier, got none; \`tideline-sync apply --without-ledger\` goes by the release host alone`,
    );
  }
  const since = new Date((await readSeen(config.state)) ?? heard.at).toISOString();
  log(
    `The ledger does not answer: freshness unknown since ${since}; only what had settled by then is asked for`,
  );
  const reports = isReadOnly ? null : openReportQueue(config.state, machine, log);
  const { openHeardLedger } = await import("./heard-ledger.js");
  return { ledger: openHeardLedger(heard, reports), machine };
}

async function openWithout(
  options: OpenLedgerOptions,
  subsystems: readonly string[],
): Promise<OpenLedgerNow> {
  const { config, log } = options;
  if (config.releases === null) {
    throw new UsageError(
      "Cannot go on without the ledger: expected `releases` in the configuration, got none",
    );
  }
  log("The ledger is not asked: going by the release host alone, past rings, pauses and halts");
  const machine = await readMachine(config.state);
  const ledger = await openLocal(options, machine);
  await refreshAll(ledger, subsystems);
  return { ledger, machine };
}

/** Which ledger a machine is with, and as what. */
function ledgerOf({ ledger, machine }: SyncConfig): { url: string; channel: string } {
  return { url: ledger?.url ?? "", channel: machine.channel };
}

/**
 * Waits for the ledger's first answer; null if there is none in time. Once there was one, the ledger
 * goes on hearing, until it is closed or `signal` aborts: what is done about its targets takes time,
 * and is to end when they change.
 *
 * @throws {SyncError} `TOKEN_REFUSED` or `LEDGER_REFUSED`
 * @throws The signal's reason when it aborts.
 */
export async function firstTargets(
  ledger: ConvexLedger,
  waitMs: number,
  signal: AbortSignal,
): Promise<readonly FleetTarget[] | null> {
  // An abort of before is told to nobody who listens from now on.
  signal.throwIfAborted();
  const known = ledger.targets();
  if (known !== null) return known;
  const hearing = childSignal(signal);
  const timer = setTimeout(() => hearing.end(), waitMs);
  try {
    return await new Promise((resolve, reject) => {
      hearing.signal.addEventListener("abort", () =>
        signal.aborted ? reject(signal.reason) : resolve(null),
      );
      ledger.watchTargets(resolve, hearing.signal, reject);
    });
  } catch (error) {
    hearing.end();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function requireMachine(config: SyncConfig, url: string): Promise<Machine> {
  const machine = await readMachine(config.state);
  if (machine === null) {
    throw new UsageError(
      `Cannot join the fleet: expected an enrolled machine, got none; run \`tideline-sync enrol --url ${url}\``,
    );
  }
  const { channel } = config.machine;
  if (machine.url !== url || machine.channel !== channel) {
    throw new UsageError(
      `Cannot join the fleet: expected the machine to be enrolled with ${url} in channel "${channel}", got ${machine.url} and "${machine.channel}"; run \`tideline-sync enrol\` again`,
    );
  }
  return machine;
}

async function openLocal(
  { config, env, trust, fetch, now, log, signal, isReadOnly = false }: OpenLedgerOptions,
  machine: Machine | null,
): Promise<LocalLedger> {
  const [{ openLocalLedger }, { ReleaseHost }, { releaseToken }] = await Promise.all([
    import("./local-ledger.js"),
    import("../publish/release-host.js"),
    import("../publish/open-publisher.js"),
  ]);
  const host =
    config.releases &&
    new ReleaseHost({ ...config.releases, token: releaseToken(env) }, { fetch, now, log, signal });
  const reports = config.ledger && !isReadOnly ? openReportQueue(config.state, machine, log) : null;
  return await openLocalLedger({ config, host, trust, reports, now, log, isReadOnly });
}

async function refreshAll(ledger: LocalLedger, subsystems: readonly string[]): Promise<void> {
  // One after the other: hosts count requests that come at once against their limits.
  for (const subsystem of subsystems) await ledger.refresh(subsystem);
}
