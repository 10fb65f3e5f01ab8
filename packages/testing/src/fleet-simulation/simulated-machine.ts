/**
 * A machine with what its agent decides: may it start, was the binary denied, does the last look still
 * say so, and what is left after a crash. The rules of who may start are the real ones.
 */
import { type AttemptReport, mayStart } from "@tideline/version/fleet";
import type { Random } from "../interleavings/random.js";
import type { EventQueue } from "./event-queue.js";
import type { SimulatedTarget } from "./simulated-release.js";

/** What a machine says; a part of the real one. */
export type SimulatedReport = Pick<AttemptReport, "seq" | "state" | "reason">;

/** Where its reports go. */
export interface ReportReceiver {
  receive(machineId: string, report: SimulatedReport): void;
  /** The target as it is now. */
  readonly target: SimulatedTarget | null;
}

const SECOND = 1_000;

/** One machine of the fleet. */
export class SimulatedMachine {
  readonly id: string;
  readonly bucket: number;
  readonly enrolledAt: number;
  /** How often each binary was put in place, ever; what the tests count. */
  readonly swaps = new Map<string, number>();
  isOnline = true;
  liveSeq: number;

  // On disk: they survive a restart.
  private readonly denied = new Set<string>();
  private readonly outbox: SimulatedReport[] = [];
  private journal: { readonly target: SimulatedTarget; readonly previousSeq: number } | null = null;

  // In memory: they do not.
  private heard: SimulatedTarget | null = null;
  private run = 0;
  private isBusy = false;
  private readonly saidDenied = new Set<number>();

  constructor(
    options: {
      readonly id: string;
      readonly bucket: number;
      readonly enrolledAt: number;
      readonly liveSeq: number;
    },
    private readonly world: {
      readonly queue: EventQueue;
      readonly random: Random;
      readonly ledger: ReportReceiver;
    },
  ) {
    this.id = options.id;
    this.bucket = options.bucket;
    this.enrolledAt = options.enrolledAt;
    this.liveSeq = options.liveSeq;
  }

  /** Hears of a target; nothing reaches a machine that is offline. */
  hear(target: SimulatedTarget): void {
    if (!this.isOnline) return;
    this.heard = target;
    this.decide();
  }

  /** Loses its connection, and hears and says everything when it is back. */
  goOffline(forMs: number): void {
    if (!this.isOnline) return;
    this.isOnline = false;
    this.world.queue.after(forMs, () => this.connect());
  }

  /** The agent's process ends at once and starts again. */
  restart(): void {
    this.run += 1;
    this.isBusy = false;
    this.heard = null;
    this.saidDenied.clear();
    // Recovery: what lies in its place is what the journal says; it is watched again.
    if (this.journal !== null) this.watch(this.journal.target);
    if (this.isOnline) this.connect();
  }

  private connect(): void {
    this.isOnline = true;
    this.send();
    const { target } = this.world.ledger;
    if (target !== null) this.hear(target);
  }

  private decide(): void {
    const target = this.heard;
    if (target === null || this.isBusy || this.journal !== null) return;
    const { release, rollout } = target;
    if (release.seq <= this.liveSeq || !this.may(rollout)) return;
    if (this.denied.has(release.sha256)) {
      if (!this.saidDenied.has(release.seq)) this.report(release.seq, "refused", "DENIED");
      this.saidDenied.add(release.seq);
      return;
    }
    this.isBusy = true;
    this.report(release.seq, "downloading", null);
    this.later(this.between(5, 60), () => this.swap(target));
  }

  private swap(target: SimulatedTarget): void {
    this.isBusy = false;
    // The last look: what the machine has heard meanwhile decides.
    if (this.heard?.release !== target.release || !this.may(this.heard.rollout)) {
      this.decide();
      return;
    }
    const { sha256, seq } = target.release;
    this.journal = { target, previousSeq: this.liveSeq };
    this.swaps.set(sha256, (this.swaps.get(sha256) ?? 0) + 1);
    this.liveSeq = seq;
    this.watch(target);
  }

  private watch(target: SimulatedTarget): void {
    const { release } = target;
    const fate = release.fate(this.id);
    if (fate === "vanishes") {
      // Nothing of this machine is heard of again.
      this.isOnline = false;
      this.run = Number.NaN;
      return;
    }
    if (fate === "well") this.report(release.seq, "soaking", null);
    this.later(fate === "well" ? this.between(60, 90) : this.between(1, 90), () => {
      const previousSeq = this.journal?.previousSeq ?? 0;
      this.journal = null;
      if (fate === "well") {
        this.report(release.seq, "committed", null);
        return;
      }
      this.denied.add(release.sha256);
      this.liveSeq = previousSeq;
      this.report(release.seq, "rolled-back", "NOT_READY");
      this.decide();
    });
  }

  private may(rollout: SimulatedTarget["rollout"]): boolean {
    const { id: machineId, bucket, enrolledAt } = this;
    return mayStart(rollout, { machineId, bucket, enrolledAt });
  }

  private report(
    seq: number,
    state: SimulatedReport["state"],
    reason: SimulatedReport["reason"],
  ): void {
    this.outbox.push({ seq, state, reason });
    this.send();
  }

  private send(): void {
    while (this.isOnline) {
      const report = this.outbox.shift();
      if (report === undefined) return;
      this.world.ledger.receive(this.id, report);
    }
  }

  /** Does something later, unless the process has ended by then. */
  private later(seconds: number, act: () => void): void {
    const { run } = this;
    this.world.queue.after(seconds * SECOND, () => {
      if (this.run === run) act();
    });
  }

  private between(from: number, to: number): number {
    return from + this.world.random.whole(to - from);
  }
}
