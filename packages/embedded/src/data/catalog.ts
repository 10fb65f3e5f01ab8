/**
 * Which tables and indexes exist, in memory, with their numbers in the file. Made from the file,
 * and changed only together with it, through the writing connection.
 */
import { BUILT_IN_INDEXES, defineIndex, type IndexDefinition } from "./index-definition.js";
import type { Connection } from "./sqlite-file.js";

export interface Index extends IndexDefinition {
  /** The number of its entries in the file; null if its table is not there, so has no entries. */
  readonly id: number | null;
}

export interface StoredIndex extends Index {
  readonly id: number;
}

export interface Table {
  readonly number: number;
  readonly name: string;
  readonly indexes: ReadonlyMap<string, StoredIndex>;
  readonly byId: StoredIndex;
}

// Numbers up to here are for system tables, as in the real server.
const LAST_SYSTEM_TABLE_NUMBER = 10_000;

export class Catalog {
  readonly #writer: Connection;
  #byName = new Map<string, Table>();
  #byNumber = new Map<number, Table>();

  constructor(writer: Connection) {
    this.#writer = writer;
    this.reload();
  }

  /** Reads the file again; after a rollback or a change of indexes. */
  reload(): void {
    this.#byName = new Map();
    this.#byNumber = new Map();
    const tables = this.#writer.prepare("SELECT number, name FROM tables").raw().all();
    const indexes = this.#writer
      .prepare("SELECT id, name, fields FROM indexes WHERE table_number = ?")
      .raw();
    for (const [number, name] of tables as [number, string][]) {
      const rows = indexes.all([number]) as [number, string, string][];
      this.#add(
        number,
        name,
        rows.map(([id, indexName, fields]) => ({
          id,
          ...defineIndex(name, indexName, JSON.parse(fields) as string[]),
        })),
      );
    }
  }

  get size(): number {
    return this.#byName.size;
  }

  table(name: string): Table | undefined {
    return this.#byName.get(name);
  }

  tableOfNumber(number: number): Table | undefined {
    return this.#byNumber.get(number);
  }

  tables(): Iterable<Table> {
    return this.#byName.values();
  }

  /** An index to read; undefined if there is none. A table that is not there has the built-in ones. */
  index(tableName: string, indexName: string): Index | undefined {
    const table = this.#byName.get(tableName);
    if (table !== undefined) return table.indexes.get(indexName);
    const fields = Object.hasOwn(BUILT_IN_INDEXES, indexName) && BUILT_IN_INDEXES[indexName];
    if (!fields) return undefined;
    return { id: null, ...defineIndex(tableName, indexName, fields) };
  }

  /** The table of that name, made now if it is not there. */
  ensureTable(name: string): Table {
    const existing = this.#byName.get(name);
    if (existing !== undefined) return existing;
    const number = this.#nextNumber(name.startsWith("_"));
    this.#writer.prepare("INSERT INTO tables (number, name) VALUES (?, ?)").run([number, name]);
    const indexes = Object.entries(BUILT_IN_INDEXES).map(([indexName, fields]) =>
      this.#insertIndex(number, name, indexName, fields),
    );
    return this.#add(number, name, indexes);
  }

  /** Adds an index without entries; the caller fills it. */
  addIndex(tableName: string, name: string, fields: readonly string[]): StoredIndex {
    const { number, indexes } = this.ensureTable(tableName);
    const index = this.#insertIndex(number, tableName, name, fields);
    this.#add(number, tableName, [...indexes.values(), index]);
    return index;
  }

  /** Forgets an index; the caller removes its entries. */
  removeIndex(tableName: string, index: StoredIndex): void {
    const { number, indexes } = this.ensureTable(tableName);
    this.#writer.prepare("DELETE FROM indexes WHERE id = ?").run([index.id]);
    const rest = [...indexes.values()].filter((other) => other.id !== index.id);
    this.#add(number, tableName, rest);
  }

  #insertIndex(
    tableNumber: number,
    tableName: string,
    name: string,
    fields: readonly string[],
  ): StoredIndex {
    const { lastInsertRowid } = this.#writer
      .prepare("INSERT INTO indexes (table_number, name, fields) VALUES (?, ?, ?)")
      .run([tableNumber, name, JSON.stringify(fields)]);
    return { id: Number(lastInsertRowid), ...defineIndex(tableName, name, fields) };
  }

  #nextNumber(isSystem: boolean): number {
    const last = isSystem ? 0 : LAST_SYSTEM_TABLE_NUMBER;
    const taken = [...this.#byNumber.keys()].filter(
      (number) => number > LAST_SYSTEM_TABLE_NUMBER !== isSystem,
    );
    return Math.max(last, ...taken) + 1;
  }

  #add(number: number, name: string, indexes: readonly StoredIndex[]): Table {
    const byName = new Map(indexes.map((index) => [index.name, index]));
    const byId = byName.get("by_id");
    if (byId === undefined) throw new Error(`Table "${name}" has lost its index by_id`);
    const table: Table = { number, name, indexes: byName, byId };
    this.#byName.set(name, table);
    this.#byNumber.set(number, table);
    return table;
  }
}
