/**
 * The ledger's real functions on an in-memory database, with a scheduler and subscriptions. Sets
 * no clock: whoever advances the time sets `Date` too.
 */
import {
  abortDeployment,
  announceDeployment,
  expirePendingBuild,
  holdTarget,
  recordDeployment,
  releaseTarget,
  watchLatestDeployment,
} from "@tideline/ledger";
import type { ReadSet } from "./memory-database.js";
import { MemoryDatabase, touches } from "./memory-database.js";

const FUNCTIONS = {
  abortDeployment,
  announceDeployment,
  expirePendingBuild,
  holdTarget,
  recordDeployment,
  releaseTarget,
  watchLatestDeployment,
};

/** One of the ledger's functions by its name. */
export type FunctionName = keyof typeof FUNCTIONS;

/** A query that runs again when something that it read was written. */
export interface Subscription {
  /** True from a write to what it read until it is read again. */
  isStale(): boolean;
  read(): Promise<unknown>;
  end(): void;
}

interface Registered {
  readonly _handler: (ctx: unknown, args: unknown) => Promise<unknown>;
}

/** A deployment of the ledger in memory. */
export class MemoryLedger {
  readonly db = new MemoryDatabase();
  readonly #scheduled: { readonly at: number; readonly args: Record<string, unknown> }[] = [];
  readonly #subscriptions = new Set<{ reads: ReadSet; isStale: boolean }>();

  async query(name: FunctionName, args: Record<string, unknown>): Promise<unknown> {
    return (await this.#runQuery(name, args)).value;
  }

  async mutation(name: FunctionName, args: Record<string, unknown>): Promise<unknown> {
    const planned: { at: number; args: Record<string, unknown> }[] = [];
    const scheduler = {
      runAt: async (at: number, _path: unknown, laterArgs: Record<string, unknown>) => {
        planned.push({ at, args: laterArgs });
      },
    };
    const { value, writes } = await this.db.run((db) => handlerOf(name)({ db, scheduler }, args));
    // Only now: what a mutation schedules is part of its transaction.
    this.#scheduled.push(...planned);
    for (const subscription of this.#subscriptions) {
      if (touches(subscription.reads, writes)) subscription.isStale = true;
    }
    return value;
  }

  /** Runs what was scheduled for a moment up to now, in order. */
  async runScheduled(now: number): Promise<void> {
    const due = this.#scheduled.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    for (const job of due) {
      this.#scheduled.splice(this.#scheduled.indexOf(job), 1);
      await this.mutation("expirePendingBuild", job.args);
    }
  }

  subscribe(name: FunctionName, args: Record<string, unknown>): Subscription {
    const subscription = { reads: [] as ReadSet, isStale: true };
    this.#subscriptions.add(subscription);
    return {
      isStale: () => subscription.isStale,
      read: async () => {
        const { value, reads } = await this.#runQuery(name, args);
        subscription.reads = reads;
        subscription.isStale = false;
        return value;
      },
      end: () => {
        this.#subscriptions.delete(subscription);
      },
    };
  }

  #runQuery(name: FunctionName, args: Record<string, unknown>) {
    return this.db.run((db) => handlerOf(name)({ db }, args));
  }
}

/** The function as the app's author wrote it, without argument validation. */
function handlerOf(name: FunctionName): Registered["_handler"] {
  return (FUNCTIONS[name] as unknown as Registered)._handler;
}
