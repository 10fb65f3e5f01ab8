import type { FleetLedger, PublishAnswer } from "@tideline/fleet";
import type { AttemptReport, FleetTarget } from "@tideline/version/fleet";

/** A ledger in memory: it says what a test puts there, and keeps what it is told. */
export class RecordingLedger implements FleetLedger {
  readonly kind: FleetLedger["kind"];
  readonly reports: AttemptReport[] = [];
  /** What `targets()` gives. */
  known: readonly FleetTarget[] | null = null;
  /** Throws in place of taking a report. */
  failure: Error | null = null;
  readonly #listeners = new Set<(report: AttemptReport) => void>();

  constructor(kind: FleetLedger["kind"] = "convex") {
    this.kind = kind;
  }

  /** Calls back for each report, whether it is taken or not. */
  onReport(listener: (report: AttemptReport) => void): void {
    this.#listeners.add(listener);
  }

  /** `"nats 2 committed"`, in order. */
  get told(): readonly string[] {
    return this.reports.map(({ subsystem, seq, state }) => `${subsystem} ${seq} ${state}`);
  }

  watchTargets(onTargets: (targets: readonly FleetTarget[]) => void): void {
    if (this.known !== null) onTargets(this.known);
  }

  targets(): readonly FleetTarget[] | null {
    return this.known;
  }

  watchHints(): void {}

  async report(report: AttemptReport): Promise<void> {
    for (const listener of this.#listeners) listener(report);
    if (this.failure !== null) throw this.failure;
    this.reports.push(report);
  }

  async publish(): Promise<PublishAnswer> {
    return { ok: true, mode: "running", generation: 1 };
  }

  state() {
    return { isConnected: this.failure === null, awaySince: null };
  }

  async close(): Promise<void> {}
}
