/**
 * As much of Convex's `ctx.db` as the ledger's functions use, in memory: fast enough for hundreds
 * of thousands of calls. It notes what a query reads, so that a subscription runs again when, and
 * only when, something in its read set was written.
 * Its honesty is tested against convex-test (memory-ledger.test.ts).
 */
import { ledgerTables } from "@tideline/ledger";

type Row = Record<string, unknown> & { readonly _id: string; readonly _creationTime: number };
type TableName = keyof typeof ledgerTables;

/** One thing that a query looked at: a row by its id, or all rows with these leading values. */
type Read =
  | { readonly kind: "row"; readonly id: string }
  | {
      readonly kind: "range";
      readonly table: string;
      readonly equal: readonly [string, unknown][];
    };

/** What a query looked at. */
export type ReadSet = readonly Read[];

/** One row before and after a mutation; null where there was or is none. */
export interface Write {
  readonly table: string;
  readonly before: Row | null;
  readonly after: Row | null;
}

/** Says whether a mutation's writes touch what a query looked at. */
export function touches(reads: ReadSet, writes: readonly Write[]): boolean {
  return writes.some((write) =>
    [write.before, write.after].some(
      (row) =>
        row !== null &&
        reads.some((read) =>
          read.kind === "row"
            ? read.id === row._id
            : read.table === write.table &&
              read.equal.every(([field, value]) => row[field] === value),
        ),
    ),
  );
}

/** The fields of each index, by "table.index". */
const INDEXES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(ledgerTables).flatMap(([table, definition]) =>
    definition[" indexes"]().map(
      ({ indexDescriptor, fields }) => [`${table}.${indexDescriptor}`, fields] as const,
    ),
  ),
);

/** The tables and what is done with them. */
export class MemoryDatabase {
  readonly #tables = new Map<string, Map<string, Row>>();
  #nextId = 1;
  #reads: Read[] = [];
  #writes: Write[] = [];

  constructor() {
    for (const table of Object.keys(ledgerTables)) this.#tables.set(table, new Map());
  }

  /** Runs a query or mutation; a mutation that throws leaves nothing behind. */
  async run<T>(
    call: (db: MemoryDatabase) => Promise<T>,
  ): Promise<{ readonly value: T; readonly reads: ReadSet; readonly writes: readonly Write[] }> {
    this.#reads = [];
    this.#writes = [];
    try {
      const value = await call(this);
      return { value, reads: this.#reads, writes: this.#writes };
    } catch (error) {
      for (const { table, before, after } of this.#writes.toReversed()) {
        if (before !== null) this.#rows(table).set(before._id, before);
        else if (after !== null) this.#rows(table).delete(after._id);
      }
      throw error;
    }
  }

  /** All rows of a table, in the order of their insertion. */
  dump(table: TableName): readonly Row[] {
    return [...this.#rows(table).values()];
  }

  async get(id: string): Promise<Row | null> {
    this.#reads.push({ kind: "row", id });
    return this.#rows(tableOf(id)).get(id) ?? null;
  }

  async insert(table: string, fields: Record<string, unknown>): Promise<string> {
    const number = this.#nextId++;
    const row = { ...fields, _id: `${table}:${number}`, _creationTime: number };
    this.#write(table, null, row);
    return row._id;
  }

  async patch(id: string, fields: Record<string, unknown>): Promise<void> {
    const before = this.#existing(id);
    const after: Row = { ...before, ...fields };
    for (const [field, value] of Object.entries(fields)) {
      if (value === undefined) Reflect.deleteProperty(after, field);
    }
    this.#write(tableOf(id), before, after);
  }

  async delete(id: string): Promise<void> {
    this.#write(tableOf(id), this.#existing(id), null);
  }

  query(table: string) {
    return {
      withIndex: (index: string, range: (q: IndexRange) => unknown = () => {}) => {
        const fields = INDEXES.get(`${table}.${index}`);
        if (fields === undefined) throw new Error(`Index ${table}.${index} not found.`);
        const bounds = new IndexRange(fields);
        range(bounds);
        this.#reads.push({ kind: "range", table, equal: bounds.equal });
        const rows = [...this.#rows(table).values()]
          .filter((row) => bounds.includes(row))
          .sort((a, b) => compareRows(fields, a, b));
        return sequence(rows);
      },
    };
  }

  #write(table: string, before: Row | null, after: Row | null): void {
    this.#writes.push({ table, before, after });
    if (after !== null) this.#rows(table).set(after._id, after);
    else if (before !== null) this.#rows(table).delete(before._id);
  }

  #existing(id: string): Row {
    const row = this.#rows(tableOf(id)).get(id);
    if (row === undefined) throw new Error(`Update on nonexistent document ID ${id}`);
    return row;
  }

  #rows(table: string): Map<string, Row> {
    const rows = this.#tables.get(table);
    if (rows === undefined) throw new Error(`Table ${table} not found.`);
    return rows;
  }
}

/** The bounds of an index range; refuses fields out of the index's order, as Convex does. */
class IndexRange {
  readonly equal: [string, unknown][] = [];
  #below: [string, number] | null = null;
  readonly #fields: readonly string[];

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  eq(field: string, value: unknown): this {
    this.#expect(field);
    this.equal.push([field, value]);
    return this;
  }

  lt(field: string, value: number): this {
    this.#expect(field);
    this.#below = [field, value];
    return this;
  }

  includes(row: Row): boolean {
    const isBelow = this.#below === null || (row[this.#below[0]] as number) < this.#below[1];
    return isBelow && this.equal.every(([field, value]) => row[field] === value);
  }

  #expect(field: string): void {
    const expected = this.#fields[this.equal.length];
    if (this.#below !== null || field !== expected) {
      throw new Error(`Tried to query index field ${field}, expected ${expected}`);
    }
  }
}

function sequence(rows: readonly Row[]) {
  return {
    order: (direction: "asc" | "desc") => sequence(direction === "desc" ? rows.toReversed() : rows),
    first: async () => rows[0] ?? null,
    take: async (count: number) => rows.slice(0, count),
    unique: async () => {
      if (rows.length > 1) throw new Error("unique() query returned more than one result");
      return rows[0] ?? null;
    },
  };
}

function compareRows(fields: readonly string[], a: Row, b: Row): number {
  for (const field of [...fields, "_creationTime"]) {
    const [x, y] = [a[field] as string | number, b[field] as string | number];
    // Undefined sorts first; in the ledger's tables a field holds one type.
    if (x !== y) return x === undefined || (y !== undefined && x < y) ? -1 : 1;
  }
  return 0;
}

function tableOf(id: string): string {
  return id.slice(0, id.indexOf(":"));
}
