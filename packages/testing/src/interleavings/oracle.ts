/**
 * What the ledger should answer, said a second time and in another way: nothing is kept but the
 * list of records that were taken, and every answer is counted out of it. Shares no code with the
 * ledger.
 */
import type { BuildId, LatestDeployment, Severity } from "@tideline/version";

/** What a deployer asks for. */
export interface Wish {
  readonly buildId: string;
  readonly gitCommit: string;
  readonly allowRollback: boolean;
  readonly severity: Severity;
  readonly asOfEpoch: number | null;
  readonly idempotencyKey: string | null;
}

/** What decides in an answer of the ledger: ids of rows and sentences are left out. */
export type Outcome =
  | {
      readonly ok: true;
      readonly kind: string;
      readonly buildId: string;
      readonly epoch: number;
      readonly alreadyRecorded: boolean;
    }
  | { readonly ok: false; readonly code: string };

/** What `judge` goes by. */
export type Decisive = Pick<
  LatestDeployment,
  "buildId" | "epoch" | "kind" | "firstEpoch" | "criticalEpoch" | "clientBuild"
>;

interface Taken {
  readonly wish: Wish;
  readonly kind: "deploy" | "redeploy" | "rollback";
  readonly epoch: number;
}

/** How long an announcement lasts, in ms. */
export const PENDING_MS = 30 * 60_000;

/** One target, as it should be. */
export class Oracle {
  isHeld = false;
  readonly #taken: Taken[] = [];
  readonly #announced = new Map<string, { readonly at: number; readonly epoch: number }>();
  readonly #overtakenAfter = new Map<string, number>();

  get epoch(): number {
    return this.#taken.filter(({ wish }, i) => wish.buildId !== this.#taken[i - 1]?.wish.buildId)
      .length;
  }

  record(wish: Wish, now: number): Outcome {
    const key = wish.idempotencyKey;
    const first = this.#taken.findLast((t) => key !== null && t.wish.idempotencyKey === key);
    // Whoever saw the epoch that the first one made, or a later one, and finds it gone asks anew.
    const isRepeat = first?.epoch === this.epoch || (wish.asOfEpoch ?? -1) < (first?.epoch ?? -1);
    if (first !== undefined && isRepeat) return answerOf(first, true);

    const kind = this.#kindOf(wish);
    const code = this.#refusal(wish, kind);
    const wasPending = this.#isPending(wish.buildId, now);
    this.#announced.delete(wish.buildId);
    if (code !== null) {
      const isNew = wasPending || !this.#isKnown(wish.buildId);
      if (code === "SUPERSEDED" && isNew && !this.#overtakenAfter.has(wish.buildId)) {
        this.#overtakenAfter.set(wish.buildId, wish.asOfEpoch ?? 0);
      }
      return { ok: false, code };
    }
    const taken = { wish, kind, epoch: this.epoch + (kind === "redeploy" ? 0 : 1) };
    this.#taken.push(taken);
    return answerOf(taken, false);
  }

  announce(wish: Wish, now: number): { ok: true; state: string; epoch: number } | Outcome {
    const code = this.#refusal({ ...wish, asOfEpoch: null }, this.#kindOf(wish));
    if (code !== null) return { ok: false, code };
    const isPending = this.#isPending(wish.buildId, now);
    const isSettled = this.#isKnown(wish.buildId) || this.#overtakenAfter.has(wish.buildId);
    if (!isSettled) {
      const since = isPending ? this.#announced.get(wish.buildId)?.epoch : this.epoch;
      this.#announced.set(wish.buildId, { at: now, epoch: since ?? 0 });
    }
    return { ok: true, state: isSettled ? "live" : "pending", epoch: this.epoch };
  }

  abort(buildId: string, now: number): { ok: true } | Outcome {
    const wasPending = this.#isPending(buildId, now);
    this.#announced.delete(buildId);
    return wasPending ? { ok: true } : { ok: false, code: "NOTHING_PENDING" };
  }

  latest(buildId: string, now: number): Decisive | null {
    const live = this.#taken.at(-1);
    if (live === undefined) return null;
    const cameBy = this.#taken.findLast(({ kind }) => kind !== "redeploy");
    const critical = this.#taken.filter(({ wish }) => wish.severity === "critical");
    return {
      buildId: live.wish.buildId as BuildId,
      epoch: live.epoch,
      kind: cameBy?.kind === "rollback" ? "rollback" : "deploy",
      firstEpoch: Math.min(...this.#epochsOf(live.wish.buildId)),
      criticalEpoch: critical.at(-1)?.epoch ?? null,
      clientBuild: this.#clientBuild(buildId, now),
    };
  }

  #clientBuild(buildId: string, now: number): LatestDeployment["clientBuild"] {
    if (this.#isKnown(buildId)) {
      const epochs = this.#epochsOf(buildId);
      return { state: "known", firstEpoch: Math.min(...epochs), lastEpoch: Math.max(...epochs) };
    }
    const isPending = this.#isPending(buildId, now);
    const overtaken = this.#overtakenAfter.get(buildId);
    if (overtaken !== undefined) {
      return { state: "known", firstEpoch: overtaken, lastEpoch: overtaken };
    }
    return { state: isPending ? "pending" : "unknown" };
  }

  #kindOf(wish: Wish): Taken["kind"] {
    const live = this.#taken.at(-1)?.wish;
    if (live?.buildId === wish.buildId) return "redeploy";
    const ofCommit = this.#taken.filter((t) => t.wish.gitCommit === wish.gitCommit);
    const isLiveCommit = ofCommit.some((t) => t.epoch === this.epoch);
    if (wish.gitCommit === "unknown" || isLiveCommit) {
      return wish.allowRollback && this.#isKnown(wish.buildId) ? "rollback" : "deploy";
    }
    return ofCommit.length > 0 ? "rollback" : "deploy";
  }

  #refusal(wish: Wish, kind: Taken["kind"]): string | null {
    if (this.isHeld) return "TARGET_HELD";
    const isOvertaken = wish.asOfEpoch !== null && wish.asOfEpoch !== this.epoch;
    if (isOvertaken && kind !== "redeploy") return "SUPERSEDED";
    return kind === "rollback" && !wish.allowRollback ? "ROLLBACK_NOT_ALLOWED" : null;
  }

  #isKnown(buildId: string): boolean {
    return this.#epochsOf(buildId).length > 0;
  }

  /** Also notes of a build whose time is over that it may be what pages run. */
  #isPending(buildId: string, now: number): boolean {
    const announced = this.#announced.get(buildId);
    if (announced === undefined) return false;
    if (now < announced.at + PENDING_MS) return true;
    this.#announced.delete(buildId);
    this.#overtakenAfter.set(buildId, announced.epoch);
    return false;
  }

  #epochsOf(buildId: string): number[] {
    return this.#taken.filter((t) => t.wish.buildId === buildId).map((t) => t.epoch);
  }
}

function answerOf({ wish, kind, epoch }: Taken, alreadyRecorded: boolean): Outcome {
  return { ok: true, kind, buildId: wish.buildId, epoch, alreadyRecorded };
}
