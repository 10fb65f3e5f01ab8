/**
 * The queries that somebody watches. A query is run once for all who ask the same (path, arguments,
 * identity, journal), and again only when a commit touched what it read.
 * Does not know sockets: it tells its owner which subscriptions have a new answer.
 */
import type { Commit, EncodedValue, Identity, QueryOutcome, Timestamp } from "../contract.js";
import { type QueryResult, toQueryResult } from "./query-result.js";

/** What is asked. */
export interface WatchedQuery {
  readonly path: string;
  readonly args: EncodedValue;
  readonly identity: Identity;
  readonly journal: string | null;
}

/**
 * One query of one client.
 * `told` is what the client has been sent; `subscription.result` is what it should know.
 */
export interface QuerySlot<Owner> {
  readonly owner: Owner;
  readonly queryId: number;
  subscription: Subscription<Owner>;
  told: QueryResult | null;
}

/**
 *   queued --start--> running --done, untouched meanwhile--> settled --touched by a commit--> queued
 *                        \------done, touched meanwhile-----> queued
 */
type SubscriptionState = "queued" | "running" | "settled";

export interface Subscription<Owner> {
  readonly query: WatchedQuery;
  readonly slots: Set<QuerySlot<Owner>>;
  /** Under which keys a newcomer finds it. */
  readonly keys: Set<string>;
  state: SubscriptionState;
  /** The newest answer; while not settled, of an older moment than the newest commit. */
  result: QueryResult | null;
  /** The outcome behind `result`; its read set decides what wakes it. */
  outcome: QueryOutcome | null;
  /** When the outcome was made, on the clock of `now`. */
  ranAtMs: number;
  /** True when it has to run again although no commit touched it (new code, new variables). */
  isOutdated: boolean;
}

export interface SubscriptionsOptions<Owner> {
  readonly run: (query: WatchedQuery, journal: string | null) => Promise<QueryOutcome>;
  /** The newest commit at the start. */
  readonly ts: Timestamp;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Called when a subscription has caught up with every commit; `isChanged` if it says something new. */
  readonly onSettled: (subscription: Subscription<Owner>, isChanged: boolean) => void;
  /** Called when a query could not be run at all, through no fault of its author. */
  readonly onFailure: (subscription: Subscription<Owner>, error: unknown) => void;
}

// A query is synchronous work; after that long, sockets and mutations get their turn.
const SLICE_MS = 8;
// An answer that read the clock is not given to a newcomer when it is older than that.
const CLOCK_ANSWER_MS = 5_000;
/** Named by a read set that everything touches (the system queries). */
export const ANY_TABLE = "*";

export class Subscriptions<Owner> {
  readonly #options: SubscriptionsOptions<Owner>;
  readonly #byKey = new Map<string, Subscription<Owner>>();
  readonly #byTable = new Map<string, Set<Subscription<Owner>>>();
  readonly #all = new Set<Subscription<Owner>>();
  readonly #queue = new Set<Subscription<Owner>>();
  /** For each run that is going, the commits since it began: it may have missed them. */
  readonly #runs = new Set<Commit[]>();
  #isPumpPlanned = false;
  #ts: Timestamp;

  constructor(options: SubscriptionsOptions<Owner>) {
    this.#options = options;
    this.#ts = options.ts;
  }

  /** The newest commit that every settled subscription has been checked against. */
  get ts(): Timestamp {
    return this.#ts;
  }

  /** How many different queries are watched. */
  get size(): number {
    return this.#all.size;
  }

  /** Joins a subscription that asks the same, or begins one. */
  watch(query: WatchedQuery, owner: Owner, queryId: number): QuerySlot<Owner> {
    const key = keyOf(query, query.journal);
    let subscription = this.#byKey.get(key);
    if (subscription === undefined) {
      subscription = this.#begin(query, key);
    } else if (this.#isStaleByClock(subscription)) {
      this.#enqueue(subscription);
    }
    const slot = { owner, queryId, subscription, told: null };
    subscription.slots.add(slot);
    return slot;
  }

  /** Ends one client's part; the last one ends the subscription. */
  unwatch(slot: QuerySlot<Owner>): void {
    const { subscription } = slot;
    subscription.slots.delete(slot);
    if (subscription.slots.size > 0) return;
    this.#all.delete(subscription);
    this.#queue.delete(subscription);
    this.#leaveTables(subscription);
    for (const key of subscription.keys) this.#byKey.delete(key);
  }

  /** Finds whom a commit wakes. Commits come in order. */
  commit(commit: Commit): void {
    this.#ts = commit.ts;
    for (const missed of this.#runs) missed.push(commit);
    const tables = new Set(commit.writes.map((write) => write.tableName));
    tables.add(ANY_TABLE);
    for (const table of tables) {
      for (const subscription of this.#byTable.get(table) ?? []) {
        if (subscription.state === "settled" && isTouched(subscription.outcome, commit)) {
          this.#enqueue(subscription);
        }
      }
    }
  }

  /** Runs every query again: the code or the deployment's variables have changed. */
  invalidateAll(): void {
    for (const subscription of this.#all) {
      subscription.isOutdated = true;
      if (subscription.state === "settled") this.#enqueue(subscription);
    }
  }

  #begin(query: WatchedQuery, key: string): Subscription<Owner> {
    const subscription: Subscription<Owner> = {
      query,
      slots: new Set(),
      keys: new Set([key]),
      state: "settled",
      result: null,
      outcome: null,
      ranAtMs: 0,
      isOutdated: false,
    };
    this.#byKey.set(key, subscription);
    this.#all.add(subscription);
    this.#enqueue(subscription);
    return subscription;
  }

  #isStaleByClock(subscription: Subscription<Owner>): boolean {
    return (
      subscription.state === "settled" &&
      subscription.outcome?.usedClock === true &&
      this.#options.now() - subscription.ranAtMs > CLOCK_ANSWER_MS
    );
  }

  #enqueue(subscription: Subscription<Owner>): void {
    subscription.state = "queued";
    this.#queue.add(subscription);
    if (this.#isPumpPlanned) return;
    this.#isPumpPlanned = true;
    // Commits that share a flush come one after the other in this turn; wait for all of them.
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    const sliceEndsMs = this.#options.now() + SLICE_MS;
    for (const subscription of this.#queue) {
      if (this.#options.now() > sliceEndsMs) {
        setImmediate(() => this.#pump());
        return;
      }
      this.#queue.delete(subscription);
      void this.#run(subscription);
    }
    this.#isPumpPlanned = false;
  }

  async #run(subscription: Subscription<Owner>): Promise<void> {
    subscription.state = "running";
    subscription.isOutdated = false;
    const missed: Commit[] = [];
    this.#runs.add(missed);
    let outcome: QueryOutcome;
    try {
      // A rerun pins its pages to where they ended, so that pages stay without a gap.
      const journal = subscription.outcome?.journal ?? subscription.query.journal;
      outcome = await this.#options.run(subscription.query, journal);
    } catch (error) {
      this.#runs.delete(missed);
      if (this.#all.has(subscription)) this.#options.onFailure(subscription, error);
      return;
    }
    this.#runs.delete(missed);
    const isOvertaken = missed.some((commit) => isTouched(outcome, commit));
    if (!this.#all.has(subscription)) return;
    if (isOvertaken || subscription.isOutdated) {
      this.#enqueue(subscription);
    } else if (outcome.ts > this.#ts) {
      // It saw a commit that has not been announced yet; the others of its moment have to be woken
      // first.
      subscription.state = "queued";
      setImmediate(() => {
        if (this.#all.has(subscription)) this.#enqueue(subscription);
      });
    } else {
      this.#settle(subscription, outcome);
    }
  }

  #settle(subscription: Subscription<Owner>, outcome: QueryOutcome): void {
    const result = toQueryResult(outcome, subscription.result);
    const isChanged = result !== subscription.result;
    this.#renameAfter(subscription, outcome);
    this.#leaveTables(subscription);
    subscription.outcome = outcome;
    subscription.result = result;
    subscription.state = "settled";
    subscription.ranAtMs = this.#options.now();
    this.#joinTables(subscription);
    this.#options.onSettled(subscription, isChanged);
  }

  /**
   * A page that was run again is pinned to its old end, which is not what a newcomer without a
   * journal asks for; a client that comes back with the journal asks for exactly this.
   */
  #renameAfter(subscription: Subscription<Owner>, outcome: QueryOutcome): void {
    if (outcome.journal === null) return;
    const pinned = keyOf(subscription.query, outcome.journal);
    if (!this.#byKey.has(pinned)) {
      this.#byKey.set(pinned, subscription);
      subscription.keys.add(pinned);
    }
    if (subscription.outcome === null) return;
    for (const key of subscription.keys) {
      if (key === pinned) continue;
      subscription.keys.delete(key);
      this.#byKey.delete(key);
    }
  }

  #joinTables(subscription: Subscription<Owner>): void {
    for (const table of subscription.outcome?.readSet.tableNames ?? []) {
      const watchers = this.#byTable.get(table);
      if (watchers === undefined) this.#byTable.set(table, new Set([subscription]));
      else watchers.add(subscription);
    }
  }

  #leaveTables(subscription: Subscription<Owner>): void {
    for (const table of subscription.outcome?.readSet.tableNames ?? []) {
      const watchers = this.#byTable.get(table);
      watchers?.delete(subscription);
      if (watchers?.size === 0) this.#byTable.delete(table);
    }
  }
}

function isTouched(outcome: QueryOutcome | null, commit: Commit): boolean {
  // What the query saw already cannot have changed after it.
  return outcome !== null && commit.ts > outcome.ts && outcome.readSet.isTouchedBy(commit);
}

function keyOf(query: WatchedQuery, journal: string | null): string {
  // Callers of different identities are kept apart even where the function did not ask who calls:
  // without sign-in there are only anonymous callers and the admin.
  return JSON.stringify([query.path, query.args, identityKey(query.identity), journal]);
}

function identityKey(identity: Identity): EncodedValue {
  switch (identity.kind) {
    case "none":
      return 0;
    case "admin":
      return identity.actingAs === undefined ? 1 : { ...identity.actingAs };
    case "user":
      return [{ ...identity.attributes }];
    default:
      return identity satisfies never;
  }
}
