/**
 * One transaction's reads and writes of documents, with what each leaves behind: index entries,
 * the read set, the log of writes, the usage. Does not check documents against the schema (see
 * user-tables.ts) and does not commit (see mutation-queue.ts).
 */
import type { CommittedWrite } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import { formatDocumentId, newInternalId } from "../values/document-id.js";
import { afterKey, type IndexKey, keyOfValue } from "../values/index-key.js";
import type { Catalog, Table } from "./catalog.js";
import type { Clock } from "./clock.js";
import type { EncodedDocument } from "./embedded-database.js";
import type { IntervalReadSet } from "./read-set.js";
import type { Store, StoredDocument } from "./store.js";
import type { Usage } from "./usage.js";

interface LoggedWrite extends CommittedWrite {
  readonly id: string;
}

export class Documents {
  readonly readSet: IntervalReadSet;
  readonly usage: Usage;
  readonly #store: Store;
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  #isOver = false;
  #log: LoggedWrite[] = [];
  #version = 0;
  #fault: { readonly cause: unknown } | null = null;

  constructor(parts: {
    readonly store: Store;
    readonly catalog: Catalog;
    readonly readSet: IntervalReadSet;
    readonly usage: Usage;
    readonly clock: Clock;
  }) {
    this.#store = parts.store;
    this.#catalog = parts.catalog;
    this.readSet = parts.readSet;
    this.usage = parts.usage;
    this.#clock = parts.clock;
  }

  /** @throws {SyscallError} When the transaction is over, as for all that goes through it. */
  get store(): Store {
    this.requireOpen();
    return this.#store;
  }

  /** @throws {SyscallError} When the transaction is over. */
  get catalog(): Catalog {
    this.requireOpen();
    return this.#catalog;
  }

  /** @throws {SyscallError} When the transaction is over. */
  requireOpen(): void {
    if (!this.#isOver) return;
    throw new SyscallError(
      "The database cannot be used any more: the function that this call belongs to is over",
    );
  }

  /** Ends the transaction. */
  end(): void {
    this.#isOver = true;
  }

  /** Changes with every write, so that a reader knows when what it fetched is stale. */
  get version(): number {
    return this.#version;
  }

  /**
   * A write that SQLite broke off, whose index entries may be half made. Whatever the function
   * does with the error, its mutation must not be committed.
   */
  get fault(): { readonly cause: unknown } | null {
    return this.#fault;
  }

  /** How many writes were made; `forget` takes it. */
  get logLength(): number {
    return this.#log.length;
  }

  /** Forgets the writes after the first `length`, which the caller has rolled back. */
  forget(length: number): void {
    this.#log = this.#log.slice(0, length);
    this.#version += 1;
  }

  /** A document by id, or null. Read set and usage know of it either way. */
  get(table: Table, id: string): EncodedDocument | null {
    const stored = this.#find(table, id);
    this.usage.countQuery();
    if (stored === null) return null;
    this.usage.countRead(stored.size);
    return parseDocument(stored);
  }

  /** As `get`, for a document that is about to be written: counted as a write only. */
  getForWrite(table: Table, id: string): EncodedDocument | null {
    const stored = this.#find(table, id);
    return stored === null ? null : parseDocument(stored);
  }

  /** The system fields of a document to be inserted. */
  newSystemFields(table: Table): { readonly _id: string; readonly _creationTime: number } {
    const internalId = newInternalId(this.#clock.now());
    return {
      _creationTime: this.#clock.nextCreationTime(),
      _id: formatDocumentId({ tableNumber: table.number, internalId }),
    };
  }

  insert(table: Table, document: EncodedDocument, size: number): void {
    this.#writing(() => {
      const row = this.store.insertDocument(size, JSON.stringify(document));
      for (const index of table.indexes.values()) {
        this.store.insertEntry(index.id, index.keyOf(document), row);
      }
    });
    this.#logWrite(table, document, null, document);
  }

  /** @throws {SyscallError} If the document is not there. */
  update(table: Table, before: EncodedDocument, after: EncodedDocument, size: number): void {
    const { row } = this.#require(table, before);
    this.#writing(() => {
      this.store.updateDocument(row, size, JSON.stringify(after));
      for (const index of table.indexes.values()) {
        const oldKey = index.keyOf(before);
        const newKey = index.keyOf(after);
        if (oldKey === newKey) continue;
        this.store.deleteEntry(index.id, oldKey);
        this.store.insertEntry(index.id, newKey, row);
      }
    });
    this.#logWrite(table, before, before, after);
  }

  /** @throws {SyscallError} If the document is not there. */
  remove(table: Table, before: EncodedDocument): void {
    const { row } = this.#require(table, before);
    this.#writing(() => {
      for (const index of table.indexes.values()) {
        this.store.deleteEntry(index.id, index.keyOf(before));
      }
      this.store.deleteDocument(row);
    });
    this.#logWrite(table, before, before, null);
  }

  /** What the transaction changed, each document once, as it was at first and is at last. */
  netWrites(): CommittedWrite[] {
    const byId = new Map<string, CommittedWrite>();
    for (const { id, tableName, before, after } of this.#log) {
      const earlier = byId.get(id);
      byId.set(id, { tableName, before: earlier === undefined ? before : earlier.before, after });
    }
    return [...byId.values()].filter(({ before, after }) => before !== null || after !== null);
  }

  #find(table: Table, id: string): StoredDocument | null {
    const key = keyOfValue(id);
    this.readSet.add(table.byId, { lower: key, upper: afterKey(key) });
    return this.store.get(table.byId.id, key);
  }

  #require(table: Table, document: EncodedDocument): StoredDocument {
    const key: IndexKey = keyOfValue(idOf(document));
    const stored = this.store.get(table.byId.id, key);
    if (stored === null) throw new SyscallError(`Document ${idOf(document)} is not there`);
    return stored;
  }

  #writing(write: () => void): void {
    try {
      write();
    } catch (cause) {
      this.#fault ??= { cause };
      throw cause;
    }
  }

  #logWrite(
    table: Table,
    of: EncodedDocument,
    before: EncodedDocument | null,
    after: EncodedDocument | null,
  ): void {
    this.#version += 1;
    this.#log.push({ id: idOf(of), tableName: table.name, before, after });
  }
}

/** The document's id. */
export function idOf(document: EncodedDocument): string {
  return document._id as string;
}

/** The document of a stored row. */
export function parseDocument(stored: StoredDocument): EncodedDocument {
  return JSON.parse(stored.body) as EncodedDocument;
}
