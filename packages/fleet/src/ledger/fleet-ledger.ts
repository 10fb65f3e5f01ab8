/**
 * Where a machine's targets come from and its reports go: the Convex ledger, or files of its own.
 * Every rule (order, signature, denied binaries, health) lives in the engine, so that the two are
 * no two implementations of anything.
 */
import type {
  AttemptReport,
  FleetTarget,
  SignedRelease,
  UpstreamHint,
} from "@tideline/version/fleet";

export type { UpstreamHint } from "@tideline/version/fleet";

/** What publishing came to. */
export type PublishAnswer =
  | {
      readonly ok: true;
      readonly mode: "running" | "waiting-for-approval";
      readonly generation: number;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** One of the ledgers. */
export interface FleetLedger {
  /** `heard`: what the Convex ledger named last, while it is away. */
  readonly kind: "convex" | "local" | "heard";
  /** Hears the targets of the machine's channel: at once, and at every change, until `signal` aborts. */
  watchTargets(onTargets: (targets: readonly FleetTarget[]) => void, signal: AbortSignal): void;
  /** The newest targets that it knows; null while it has never heard any. */
  targets(): readonly FleetTarget[] | null;
  /** Hears hints for developer machines, until `signal` aborts. */
  watchHints(onHint: (hint: UpstreamHint) => void, signal: AbortSignal): void;
  /** Takes a report for good: it is on disk when this resolves, and goes out when it can, in order. */
  report(report: AttemptReport): Promise<void>;
  publish(release: SignedRelease, signal: AbortSignal): Promise<PublishAnswer>;
  /** Whether it is reachable now, and since when not (ms since epoch). */
  state(): { readonly isConnected: boolean; readonly awaySince: number | null };
  close(): Promise<void>;
}
