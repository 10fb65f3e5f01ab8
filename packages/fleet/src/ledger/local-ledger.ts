/**
 * The ledger of a machine that has none: targets are the newest releases of the release host that it
 * believes, kept in `targets/` of the state folder, so that they are there without a network too.
 */
import type { FleetTarget, ReleaseManifest, SignedRelease } from "@tideline/version/fleet";
import type { SyncConfig } from "../config/sync-config.js";
import type { ReleaseHost } from "../publish/release-host.js";
import { requireTrustedRoots } from "../trust/require-trusted-roots.js";
import type { TrustStore } from "../trust/trust-store.js";
import { verifyRelease } from "../trust/verify-release.js";
import type { FleetLedger } from "./fleet-ledger.js";
import { type KnownTarget, readKnownTarget, writeKnownTarget } from "./local-targets.js";
import { readNewestRelease } from "./read-newest-release.js";
import type { ReportQueue } from "./report-queue.js";

/** What {@link openLocalLedger} needs. */
export interface LocalLedgerOptions {
  readonly config: SyncConfig;
  /** Null: `releases` is not configured, and the targets are what is on disk. */
  readonly host: ReleaseHost | null;
  readonly trust: TrustStore;
  /** Reports for a ledger that is away; null: nobody reads them. */
  readonly reports: ReportQueue | null;
  /** Keeps what it learns in memory alone. @default false */
  readonly isReadOnly?: boolean;
  /** ms since epoch. */
  readonly now: () => number;
  readonly log: (line: string) => void;
}

/** A ledger of files. */
export interface LocalLedger extends FleetLedger {
  readonly kind: "local";
  /**
   * Reads the release host anew for one subsystem, and tells whoever watches.
   *
   * @throws {SyncError} What the host throws, and `NO_TRUSTED_ROOTS`; the targets stay as they were.
   */
  refresh(subsystem: string): Promise<void>;
}

/** Opens it with what was known last. */
export async function openLocalLedger(options: LocalLedgerOptions): Promise<LocalLedger> {
  const { config, host, trust, reports, now, log, isReadOnly = false } = options;
  const listeners = new Set<(targets: readonly FleetTarget[]) => void>();
  const known = new Map<string, FleetTarget>();
  for (const subsystem of Object.keys(config.subsystems)) {
    const settled = await readKnownTarget(config.state, subsystem);
    if (settled !== null) known.set(subsystem, targetOf(config, subsystem, settled));
  }
  /** When the release host could not be read for the first time since it last was. */
  let awaySince: number | null = null;

  const verify = (subsystem: string) => (release: SignedRelease) =>
    verifyRelease(release, {
      ...{ ...config.trust, now: now(), state: trust.state, expected: { subsystem } },
    });

  async function take(release: SignedRelease, manifest: ReleaseManifest): Promise<number> {
    const { subsystem, seq, version } = manifest;
    const before = known.get(subsystem);
    const isSame = before?.settled?.release.manifest === release.manifest;
    if (before !== undefined && isSame) return before.generation;
    const target = targetOf(config, subsystem, { release, seq, version });
    if (!isReadOnly) await writeKnownTarget(config.state, subsystem, { release, seq, version });
    known.set(subsystem, target);
    for (const listener of listeners) listener([...known.values()]);
    return target.generation;
  }

  return {
    kind: "local",
    watchTargets(onTargets, signal) {
      if (signal.aborted) return;
      listeners.add(onTargets);
      signal.addEventListener("abort", () => listeners.delete(onTargets), { once: true });
      onTargets([...known.values()]);
    },
    targets: () => [...known.values()],
    // Without a ledger, the machine's own receiver is what hears.
    watchHints: () => {},
    report: async (report) => {
      await reports?.add(report);
    },
    async publish(release) {
      const { subsystem } = JSON.parse(release.manifest) as { subsystem: string };
      const generation = await take(release, verify(subsystem)(release));
      return { ok: true, mode: "running", generation };
    },
    state: () => ({ isConnected: awaySince === null, awaySince }),
    async refresh(subsystem) {
      if (host === null) return;
      requireTrustedRoots(config);
      let newest: Awaited<ReturnType<typeof readNewestRelease>>;
      try {
        newest = await readNewestRelease(subsystem, host, verify(subsystem), log);
      } catch (error) {
        awaySince ??= now();
        throw error;
      }
      awaySince = null;
      const before = known.get(subsystem)?.settled?.seq ?? 0;
      // A host that serves an older state than it did: the machine's memory is the better one.
      if (newest !== null && newest.manifest.seq >= before) {
        await take(newest.release, newest.manifest);
      }
    },
    close: async () => listeners.clear(),
  };
}

function targetOf({ machine }: SyncConfig, subsystem: string, settled: KnownTarget): FleetTarget {
  // Every release is another intent, and there are no others.
  return { channel: machine.channel, subsystem, generation: settled.seq, settled, rollout: null };
}
