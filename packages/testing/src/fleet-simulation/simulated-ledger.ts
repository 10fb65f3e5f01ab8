/** The ledger's side of a rollout: rows of attempts, the counts of each ring, and the real decision. */
import {
  attemptOutcome,
  capExcuses,
  chooseCanaries,
  decideRollout,
  neededResponders,
  openToOf,
  type RingCounts,
  type RolloutMode,
  type RolloutPolicy,
  ringOf,
} from "@tideline/version/fleet";
import type { EventQueue } from "./event-queue.js";
import type { SimulatedReport } from "./simulated-machine.js";
import type { SimulatedRelease, SimulatedTarget } from "./simulated-release.js";

/** As the ledger's scheduled function: often while something happens. */
const AGGREGATE_EVERY_MS = 5_000;
const LOOK_AGAIN_MS = 60_000;

interface Member {
  readonly machineId: string;
  readonly bucket: number;
  readonly enrolledAt: number;
}

interface Row {
  readonly ring: number;
  state: "started" | "vanished" | "committed" | "failed";
  readonly startedAt: number;
}

type Counts = { -readonly [Key in keyof RingCounts]: RingCounts[Key] };

/** Leads one release at a time through the fleet. */
export class SimulatedLedger {
  target: SimulatedTarget | null = null;
  /** Why it was halted, each time. */
  readonly halts: string[] = [];
  onTarget: (target: SimulatedTarget) => void = () => {};
  private readonly rows = new Map<string, Row>();
  private counts: Counts[] = [];
  private canaries: ReadonlySet<string> = new Set();
  private isDue = false;

  constructor(
    private readonly queue: EventQueue,
    private readonly policy: RolloutPolicy,
    private readonly members: ReadonlyMap<string, Member>,
  ) {}

  publish(release: SimulatedRelease): void {
    const startedAt = this.queue.now;
    const here = [...this.members.values()].filter((member) => member.enrolledAt <= startedAt);
    const canaries = chooseCanaries(this.policy, here);
    this.rows.clear();
    this.counts = this.policy.rings.map(() => emptyCounts());
    const rollout = { mode: "running" as const, openTo: 0, canaries, startedAt, ring: -1 };
    this.target = { release, rollout };
    this.canaries = new Set(canaries);
    for (const member of this.members.values()) {
      const counts = this.counts[this.ringOf(member)];
      if (counts !== undefined) counts.machines += 1;
    }
    this.aggregate();
  }

  /** A person resumes what was halted: what failed until now halts it no second time. */
  resume(): void {
    for (const counts of this.counts) {
      counts.excusedFailed = counts.failed;
      counts.excusedVanished = counts.vanished;
    }
    this.change({ mode: "running" });
    this.aggregate();
  }

  receive(machineId: string, report: SimulatedReport): void {
    if (this.target === null || report.seq !== this.target.release.seq) return;
    const member = this.members.get(machineId);
    const outcome = attemptOutcome(report);
    if (member === undefined || outcome === "declined") return;
    let row = this.rows.get(machineId);
    if (row === undefined) {
      const ring = this.ringOf(member);
      row = { ring, state: "started", startedAt: this.queue.now };
      this.rows.set(machineId, row);
      this.add(ring, "started", 1);
      // The same as the ledger's scheduled look at those that began long ago.
      this.queue.after(this.policy.outcomeWithinMs, () => this.markVanished(machineId));
    }
    if (outcome !== "underway") this.settle(row, outcome);
    this.soon();
  }

  private ringOf({ machineId, bucket, enrolledAt }: Member): number {
    const isLate = enrolledAt > (this.target?.rollout.startedAt ?? 0);
    return ringOf(this.policy, { bucket, isCanary: this.canaries.has(machineId), isLate });
  }

  private markVanished(machineId: string): void {
    const row = this.rows.get(machineId);
    if (row?.state !== "started" || this.queue.now - row.startedAt < this.policy.outcomeWithinMs) {
      return;
    }
    this.settle(row, "vanished");
    this.soon();
  }

  private settle(row: Row, state: "vanished" | "committed" | "failed"): void {
    if (row.state === state) return;
    if (row.state !== "started") this.add(row.ring, row.state, -1);
    row.state = state;
    this.add(row.ring, state, 1);
  }

  private add(
    ring: number,
    key: "started" | "committed" | "failed" | "vanished",
    by: number,
  ): void {
    const counts = this.counts[ring];
    const rules = this.policy.rings[ring];
    if (counts === undefined || rules === undefined) return;
    counts[key] += by;
    const responders = counts.committed + counts.failed + counts.vanished;
    if (counts.enoughAt === null && responders >= neededResponders(rules, counts.machines)) {
      counts.enoughAt = this.queue.now;
    }
  }

  private soon(ms = AGGREGATE_EVERY_MS): void {
    if (this.isDue) return;
    this.isDue = true;
    this.queue.after(ms, () => {
      this.isDue = false;
      this.aggregate();
    });
  }

  private aggregate(): void {
    if (this.target?.rollout.mode !== "running") return;
    const { ring } = this.target.rollout;
    const { isCritical } = this.target.release;
    const { now } = this.queue;
    for (const counts of this.counts) Object.assign(counts, capExcuses(counts));
    const decision = decideRollout(this.policy, { ring, counts: this.counts, isCritical }, now);
    switch (decision.kind) {
      case "open": {
        const opened = this.counts[decision.ring];
        if (opened !== undefined) opened.openedAt = now;
        this.change({ ring: decision.ring, openTo: openToOf(this.policy, decision.ring) });
        this.soon();
        return;
      }
      case "wait":
        if (decision.until !== null) this.soon(Math.min(decision.until - now, LOOK_AGAIN_MS));
        return;
      case "halt":
        this.halts.push(decision.reason);
        this.change({ mode: "halted" });
        return;
      case "complete":
        this.change({ mode: "completed" });
        return;
      default:
        decision satisfies never;
    }
  }

  private change(
    rollout: Partial<SimulatedTarget["rollout"]> & { readonly mode?: RolloutMode },
  ): void {
    if (this.target === null) return;
    this.target = { ...this.target, rollout: { ...this.target.rollout, ...rollout } };
    this.onTarget(this.target);
  }
}

function emptyCounts(): Counts {
  return {
    ...{ machines: 0, started: 0, committed: 0, failed: 0, vanished: 0, waived: 0 },
    ...{ excusedFailed: 0, excusedVanished: 0 },
    ...{ openedAt: null, enoughAt: null },
  };
}
