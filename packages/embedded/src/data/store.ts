/**
 * Documents and index entries in SQLite, through one connection. Knows rows and keys; what a key
 * means is the catalog's affair (see catalog.ts).
 */
import type Sqlite from "libsql";
import { type IndexKey, type KeyInterval, keyFromBytes, keyToBytes } from "../values/index-key.js";
import type { Connection } from "./sqlite-file.js";

export interface StoredDocument {
  /** Its key in the index it was found through. */
  readonly key: IndexKey;
  readonly row: number;
  /** Bytes, as Convex counts. */
  readonly size: number;
  /** JSON text of the encoded document. */
  readonly body: string;
}

export type Order = "asc" | "desc";

type RawDocument = [key: Buffer, row: number, size: number, body: string];

export class Store {
  readonly #scanStatements: { readonly [order in Order]: Sqlite.Statement<unknown[]> };
  readonly #get;
  readonly #count;
  readonly #insertDocument;
  readonly #updateDocument;
  readonly #deleteDocument;
  readonly #insertEntry;
  readonly #deleteEntry;
  readonly #deleteIndex;

  readonly #connection: Connection;
  /** Statements of each depth: begin, release, roll back. */
  readonly #savepoints: Sqlite.Statement<unknown[]>[][] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
    const prepare = (sql: string) => connection.prepare(sql);
    const prepareRead = (sql: string) => prepare(sql).raw();
    // CROSS JOIN keeps SQLite from turning the two tables around.
    const scan = (order: Order) =>
      prepareRead(
        `SELECT e.key, d.row, d.size, d.body FROM entries e CROSS JOIN documents d ON d.row = e.row
         WHERE e.index_id = ? AND e.key >= ? AND e.key < ? ORDER BY e.key ${order} LIMIT ?`,
      );
    this.#scanStatements = { asc: scan("asc"), desc: scan("desc") };
    this.#get = prepareRead(
      `SELECT e.key, d.row, d.size, d.body FROM entries e CROSS JOIN documents d ON d.row = e.row
       WHERE e.index_id = ? AND e.key = ?`,
    );
    this.#count = prepareRead("SELECT count(*) FROM entries WHERE index_id = ?");
    this.#insertDocument = prepare("INSERT INTO documents (size, body) VALUES (?, ?)");
    this.#updateDocument = prepare("UPDATE documents SET size = ?, body = ? WHERE row = ?");
    this.#deleteDocument = prepare("DELETE FROM documents WHERE row = ?");
    this.#insertEntry = prepare("INSERT INTO entries (index_id, key, row) VALUES (?, ?, ?)");
    this.#deleteEntry = prepare("DELETE FROM entries WHERE index_id = ? AND key = ?");
    this.#deleteIndex = prepare("DELETE FROM entries WHERE index_id = ?");
  }

  /** Up to `limit` documents of an interval, from its low end (`asc`) or its high end. */
  scan(indexId: number, interval: KeyInterval, order: Order, limit: number): StoredDocument[] {
    const bounds = [indexId, keyToBytes(interval.lower), keyToBytes(interval.upper), limit];
    // Never `get` on a statement that has run `all`: libsql 0.5 then answers for the old bounds.
    return (this.#scanStatements[order].all(bounds) as RawDocument[]).map(toDocument);
  }

  get(indexId: number, key: IndexKey): StoredDocument | null {
    const raw = this.#get.get([indexId, keyToBytes(key)]) as RawDocument | undefined;
    return raw === undefined ? null : toDocument(raw);
  }

  count(indexId: number): number {
    const [count] = this.#count.get([indexId]) as [number];
    return count;
  }

  /** @returns The new document's row. */
  insertDocument(size: number, body: string): number {
    return Number(this.#insertDocument.run([size, body]).lastInsertRowid);
  }

  updateDocument(row: number, size: number, body: string): void {
    this.#updateDocument.run([size, body, row]);
  }

  deleteDocument(row: number): void {
    this.#deleteDocument.run([row]);
  }

  insertEntry(indexId: number, key: IndexKey, row: number): void {
    this.#insertEntry.run([indexId, keyToBytes(key), row]);
  }

  deleteEntry(indexId: number, key: IndexKey): void {
    this.#deleteEntry.run([indexId, keyToBytes(key)]);
  }

  /** Removes all entries of an index; the documents stay. */
  deleteIndex(indexId: number): void {
    this.#deleteIndex.run([indexId]);
  }

  /** @param depth 1 for a nested mutation, one more for one nested in that; 0 is the mutation. */
  beginSavepoint(depth: number): void {
    this.#runSavepoint(depth, 0);
  }

  releaseSavepoint(depth: number): void {
    this.#runSavepoint(depth, 1);
  }

  /** Undoes all since the savepoint, and all savepoints above it. */
  rollBackSavepoint(depth: number): void {
    this.#runSavepoint(depth, 2);
    this.#runSavepoint(depth, 1);
  }

  #runSavepoint(depth: number, action: 0 | 1 | 2): void {
    const name = `depth_${depth}`;
    this.#savepoints[depth] ??= ["SAVEPOINT", "RELEASE", "ROLLBACK TO"].map((verb) =>
      this.#connection.prepare(`${verb} ${name}`),
    );
    this.#savepoints[depth]?.[action]?.run();
  }
}

function toDocument([key, row, size, body]: RawDocument): StoredDocument {
  return { key: keyFromBytes(key), row, size, body };
}
