/**
 * The database: puts the parts of this folder together and holds what is current, that is the
 * schema, the variables, the latest durable commit and who wants to hear of the next.
 */
import type { Commit, MutationResult, SchemaProblem, Timestamp } from "../contract.js";
import { applySchema, ensureSystemTable } from "./apply-schema.js";
import { Catalog } from "./catalog.js";
import { Clock } from "./clock.js";
import type {
  EmbeddedDatabase,
  SystemTableIndexes,
  SystemTransaction,
} from "./embedded-database.js";
import { EnvironmentVariables } from "./environment-variables.js";
import { withTieBreakers } from "./index-definition.js";
import { Listeners } from "./listeners.js";
import { type MutationAnswer, MutationQueue } from "./mutation-queue.js";
import { type RequestKey, Requests } from "./requests.js";
import { parseSchema, type Schema, SchemaError } from "./schema.js";
import type { SqliteFile } from "./sqlite-file.js";
import { StateRow } from "./state-row.js";
import { Store } from "./store.js";
import { DatabaseTransaction } from "./transaction.js";
import { isSystemTable, tableOfId } from "./user-tables.js";

export class FileDatabase implements EmbeddedDatabase {
  readonly #file: SqliteFile;
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #stateRow: StateRow;
  readonly #readStore: Store;
  readonly #writeStore: Store;
  readonly #variables: EnvironmentVariables;
  readonly #queue: MutationQueue;
  readonly #commitListeners = new Listeners<Commit>();
  readonly #environmentListeners = new Listeners<void>();
  #schema: Schema;
  #latestTs: Timestamp;
  #closing: Promise<void> | null = null;

  constructor(file: SqliteFile, now: () => number, systemTables: SystemTableIndexes) {
    const { reader, writer } = file;
    this.#file = file;
    this.#catalog = new Catalog(writer);
    this.#stateRow = new StateRow(writer);
    this.#clock = new Clock(now, this.#stateRow.readClock());
    this.#readStore = new Store(reader);
    this.#writeStore = new Store(writer);
    this.#variables = new EnvironmentVariables(writer);
    this.#schema = parseSchema(JSON.parse(this.#stateRow.readSchema() ?? "null"));
    this.#queue = new MutationQueue({
      writer,
      store: this.#writeStore,
      catalog: this.#catalog,
      clock: this.#clock,
      requests: new Requests(writer),
      stateRow: this.#stateRow,
      beginMutation: () => this.#begin("mutation", null),
      onDurable: (commits) => this.#announce(commits),
    });
    this.#latestTs = this.#clock.state.lastTs;
    this.#prepare(systemTables);
  }

  get latestTs(): Timestamp {
    return this.#latestTs;
  }

  beginQuery(options: { readonly journal?: string | null } = {}): SystemTransaction {
    return this.#begin("query", options.journal ?? null);
  }

  mutate(
    options: { readonly session?: RequestKey },
    run: (transaction: SystemTransaction) => Promise<MutationResult>,
  ): Promise<MutationAnswer> {
    return this.#queue.add(options.session, run);
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    return this.#commitListeners.add(listener);
  }

  setSchema(exported: unknown): SchemaProblem | null {
    const text = JSON.stringify(exported ?? null);
    // The rows fit it and the indexes are there, since both were stored together.
    if (text === this.#stateRow.readSchema()) return null;
    try {
      const next = parseSchema(exported);
      const ts = this.#queue.exclusively(() => {
        applySchema(this.#writeStore, this.#catalog, this.#schema, next);
        this.#stateRow.writeSchema(text);
        return this.#nextStoredTs();
      });
      this.#schema = next;
      // A query that is under way may have lost its index: a commit makes it run again.
      this.#announce([{ ts, writes: [] }]);
      return null;
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      return { message: error.message, tableName: error.tableName };
    }
  }

  tableNames(): string[] {
    const names = [...this.#catalog.tables()].map(({ name }) => name);
    return names.filter((name) => !isSystemTable(name)).sort();
  }

  tableOfId(id: string): string | null {
    return tableOfId({ catalog: this.#catalog }, id)?.name ?? null;
  }

  environmentVariables(): ReadonlyMap<string, string> {
    return this.#variables.values;
  }

  setEnvironmentVariables(changes: ReadonlyMap<string, string | null>): void {
    const values = this.#variables.after(changes);
    this.#queue.exclusively(() => this.#variables.store(values));
    this.#variables.use(values);
    this.#environmentListeners.call();
  }

  onEnvironmentChange(listener: () => void): () => void {
    return this.#environmentListeners.add(listener);
  }

  async close(): Promise<void> {
    this.#closing ??= this.#queue.close().then(() => this.#file.close());
    await this.#closing;
  }

  /** First moment of a new file, and the system tables. */
  #prepare(systemTables: SystemTableIndexes): void {
    this.#queue.exclusively(() => {
      if (this.#latestTs === 0n) this.#latestTs = this.#nextStoredTs();
      for (const [name, indexes] of Object.entries(systemTables)) {
        const wanted = Object.entries(indexes).map(
          ([indexName, fields]) => [indexName, withTieBreakers(fields)] as const,
        );
        ensureSystemTable(this.#writeStore, this.#catalog, name, new Map(wanted));
      }
    });
  }

  /** A new timestamp, stored in the open SQLite transaction. */
  #nextStoredTs(): Timestamp {
    const ts = this.#clock.nextTs();
    this.#stateRow.writeClock(this.#clock.state);
    return ts;
  }

  #begin(kind: "query" | "mutation", journal: string | null): DatabaseTransaction {
    return new DatabaseTransaction({
      kind,
      snapshotTs: kind === "query" ? this.#latestTs : this.#clock.state.lastTs,
      store: kind === "query" ? this.#readStore : this.#writeStore,
      catalog: this.#catalog,
      clock: this.#clock,
      schema: this.#schema,
      journal,
      latestTs: () => this.#latestTs,
    });
  }

  #announce(commits: readonly Commit[]): void {
    // Readers see the whole batch at once, so its last commit is the latest for all listeners.
    this.#latestTs = commits.at(-1)?.ts ?? this.#latestTs;
    for (const commit of commits) this.#commitListeners.call(commit);
  }
}
