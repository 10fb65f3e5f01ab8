/**
 * Runs mutations one after another and commits them in batches.
 *
 * What is queued when a batch begins shares one SQLite transaction and so one flush to the disk;
 * each mutation is a savepoint in it, so that one that fails leaves nothing. None of them is told
 * its outcome before the flush; one that waits for something else than the database lets its whole
 * batch wait. Readers have a connection of their own and see committed batches.
 *
 *   idle --add--> gathering (one turn of the event loop) --> batch open --COMMIT--> settled
 *                                                                 |
 *                       `exclusively` commits what is finished, abandons what runs, lets the
 *                       change happen, and the abandoned mutation runs again in the next batch
 */
import type { Commit, MutationResult, Timestamp } from "../contract.js";
import type { Catalog } from "./catalog.js";
import type { Clock } from "./clock.js";
import type { SystemTransaction } from "./embedded-database.js";
import type { RequestKey, Requests } from "./requests.js";
import type { Connection } from "./sqlite-file.js";
import type { StateRow } from "./state-row.js";
import type { Store } from "./store.js";
import type { DatabaseTransaction } from "./transaction.js";

export type MutationAnswer = MutationResult & {
  readonly ts: Timestamp;
  readonly isRepeat: boolean;
};

export interface MutationQueueParts {
  readonly writer: Connection;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly requests: Requests;
  readonly stateRow: StateRow;
  readonly beginMutation: () => DatabaseTransaction;
  /** Called after each flush, before the mutations are settled; may not throw. */
  readonly onDurable: (commits: readonly Commit[]) => void;
}

interface Job {
  readonly session: RequestKey | undefined;
  readonly run: (transaction: SystemTransaction) => Promise<MutationResult>;
  readonly resolve: (answer: MutationAnswer) => void;
  readonly reject: (reason: unknown) => void;
}

/** A mutation that has run and waits for the flush. */
interface Finished {
  readonly job: Job;
  readonly commit: Commit | null;
  settle(): void;
}

// Bounds how long the first of a batch waits for the last, and how long sockets go unread.
const MAX_BATCH_LENGTH = 256;
const MAX_BATCH_MS = 20;

// The savepoint of a mutation; nested mutations have 1 and up.
const MUTATION_DEPTH = 0;

const PRUNE_INTERVAL_MS = 3600_000;

export class MutationQueue {
  readonly #parts: MutationQueueParts;
  readonly #begin;
  readonly #commit;
  readonly #rollBack;
  #jobs: Job[] = [];
  #finished: Finished[] = [];
  #running: DatabaseTransaction | null = null;
  /** Before the running mutation, which may make some. */
  #tableCount = 0;
  #isBatchOpen = false;
  #draining: Promise<void> | null = null;
  #isClosed = false;
  #nextPruneAt = 0;

  constructor(parts: MutationQueueParts) {
    this.#parts = parts;
    this.#begin = parts.writer.prepare("BEGIN IMMEDIATE");
    this.#commit = parts.writer.prepare("COMMIT");
    this.#rollBack = parts.writer.prepare("ROLLBACK");
  }

  /** Queues a mutation; settles when its batch is on disk. */
  add(
    session: RequestKey | undefined,
    run: (transaction: SystemTransaction) => Promise<MutationResult>,
  ): Promise<MutationAnswer> {
    if (this.#isClosed) return Promise.reject(new Error("Cannot write: the database is closed"));
    return new Promise((resolve, reject) => {
      this.#jobs.push({ session, run, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  /**
   * Makes a change that no mutation may be in the middle of, in a SQLite transaction of its own.
   *
   * @throws Whatever `change` throws; then nothing of it remains.
   */
  exclusively<T>(change: () => T): T {
    if (this.#running !== null) {
      this.#running.abandon();
      this.#running = null;
      this.#rollBackMutation();
    }
    this.#flush();
    this.#begin.run();
    try {
      const result = change();
      this.#commit.run();
      return result;
    } catch (error) {
      this.#rollBackAll();
      throw error;
    }
  }

  /** Takes no more mutations, and waits for those it has. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#jobs.length > 0) {
      // Sockets that are ready are all read before this comes back: their mutations join.
      await nextTurn();
      await this.#runBatch();
    }
    this.#draining = null;
  }

  async #runBatch(): Promise<void> {
    const endsAt = performance.now() + MAX_BATCH_MS;
    for (let count = 0; count < MAX_BATCH_LENGTH && performance.now() < endsAt; count += 1) {
      const job = this.#jobs.shift();
      if (job === undefined) break;
      try {
        await this.#runJob(job);
      } catch (error) {
        // SQLite itself failed: nobody can tell what of the batch is left.
        this.#breakOff(job, error);
        this.#failBatch(error);
      }
    }
    this.#flush();
  }

  /** Runs one mutation up to its savepoint's end. Throws only if SQLite fails. */
  async #runJob(job: Job): Promise<void> {
    for (;;) {
      this.#ensureBatch();
      const stored = job.session === undefined ? null : this.#parts.requests.find(job.session);
      if (stored !== null) {
        this.#finish(job, null, () => job.resolve({ ...stored, isRepeat: true }));
        return;
      }
      this.#tableCount = this.#parts.catalog.size;
      this.#parts.store.beginSavepoint(MUTATION_DEPTH);
      const transaction = this.#parts.beginMutation();
      this.#running = transaction;
      const outcome = await settled(() => job.run(transaction));
      if (transaction.isAbandoned) continue;
      this.#running = null;
      const { fault } = transaction.documents;
      if (outcome.ok && fault === null) this.#succeed(job, transaction, outcome.value);
      else this.#fail(job, outcome.ok ? fault?.cause : outcome.error);
      if (fault !== null) this.#refuseFollowers(job, fault.cause);
      transaction.close();
      return;
    }
  }

  #succeed(job: Job, transaction: DatabaseTransaction, result: MutationResult): void {
    const { clock, requests, store } = this.#parts;
    const hasEffect = job.session !== undefined || transaction.documents.logLength > 0;
    const ts = hasEffect ? clock.nextTs() : clock.state.lastTs;
    transaction.resolveCommitTs(ts);
    if (job.session !== undefined) requests.insert(job.session, ts, result);
    store.releaseSavepoint(MUTATION_DEPTH);
    const commit = hasEffect ? { ts, writes: transaction.documents.netWrites() } : null;
    this.#finish(job, commit, () => job.resolve({ ...result, ts, isRepeat: false }));
  }

  #fail(job: Job, error: unknown): void {
    this.#rollBackMutation();
    this.#finish(job, null, () => job.reject(error));
  }

  #finish(job: Job, commit: Commit | null, settle: () => void): void {
    this.#finished.push({ job, commit, settle });
  }

  #ensureBatch(): void {
    if (this.#isBatchOpen) return;
    this.#begin.run();
    this.#isBatchOpen = true;
  }

  /** Commits the open batch, then announces and settles it. */
  #flush(): void {
    if (!this.#isBatchOpen) return;
    const commits = this.#finished.flatMap(({ commit }) => (commit === null ? [] : [commit]));
    try {
      if (commits.length > 0) {
        this.#pruneRequests();
        this.#parts.stateRow.writeClock(this.#parts.clock.state);
      }
      this.#commit.run();
    } catch (error) {
      this.#failBatch(error);
      return;
    }
    this.#isBatchOpen = false;
    const finished = this.#finished;
    this.#finished = [];
    this.#parts.onDurable(commits);
    for (const { settle } of finished) settle();
  }

  #failBatch(error: unknown): void {
    const finished = this.#finished;
    this.#finished = [];
    this.#running = null;
    this.#rollBackAll();
    for (const { job } of finished) this.#breakOff(job, error);
  }

  #breakOff(job: Job, error: unknown): void {
    job.reject(error);
    this.#refuseFollowers(job, error);
  }

  /**
   * A client whose mutation broke by a fault of ours asks for it again, and for all after it. None
   * of those may take effect before that, or they would have overtaken it.
   */
  #refuseFollowers({ session }: Job, error: unknown): void {
    if (session === undefined) return;
    const isFollower = (job: Job) => job.session?.sessionId === session.sessionId;
    const followers = this.#jobs.filter(isFollower);
    if (followers.length === 0) return;
    this.#jobs = this.#jobs.filter((job) => !isFollower(job));
    for (const { reject } of followers) reject(error);
  }

  #rollBackMutation(): void {
    const { store, catalog } = this.#parts;
    store.rollBackSavepoint(MUTATION_DEPTH);
    if (catalog.size !== this.#tableCount) catalog.reload();
  }

  #rollBackAll(): void {
    this.#isBatchOpen = false;
    // A full disk, for one, makes SQLite roll back by itself.
    if (this.#parts.writer.inTransaction) this.#rollBack.run();
    this.#parts.catalog.reload();
  }

  #pruneRequests(): void {
    const { clock, requests } = this.#parts;
    if (clock.now() < this.#nextPruneAt) return;
    this.#nextPruneAt = clock.now() + PRUNE_INTERVAL_MS;
    requests.prune(clock.state.lastTs);
  }
}

type Settled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

async function settled<T>(run: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    return { ok: false, error };
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
