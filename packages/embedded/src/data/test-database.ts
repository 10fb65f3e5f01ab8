/** What the tests of this folder share: databases in temporary folders, and syscalls by name. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Commit, EncodedValue, MutationResult } from "../contract.js";
import type { EmbeddedDatabase, EncodedDocument, SystemTransaction } from "./embedded-database.js";
import { openDatabase } from "./open-database.js";

export interface TestFolder {
  readonly path: string;
  open(now?: () => number): EmbeddedDatabase;
  remove(): Promise<void>;
}

/** A folder for one database, which may be opened again and again. */
export function testFolder(): TestFolder {
  const folder = mkdtempSync(join(tmpdir(), "tideline-data-"));
  const path = join(folder, "db.sqlite");
  const opened: EmbeddedDatabase[] = [];
  return {
    path,
    open(now = Date.now) {
      const systemTables = { _jobs: { by_due: ["state.kind", "due"] }, _scheduled_functions: {} };
      const database = openDatabase({ path, now, systemTables });
      opened.push(database);
      return database;
    },
    async remove() {
      for (const database of opened) await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A result for `mutate`. */
export function result(value: EncodedValue | undefined): MutationResult {
  return { value: JSON.stringify(value ?? null), logLines: [] };
}

/** Runs a mutation that does what `run` says. @returns What `run` returned. */
export async function write<T>(
  database: EmbeddedDatabase,
  run: (transaction: SystemTransaction) => T,
): Promise<T> {
  const returned: T[] = [];
  await database.mutate({}, async (transaction) => {
    returned[0] = run(transaction);
    return result(null);
  });
  return returned[0] as T;
}

export function insert(
  transaction: SystemTransaction,
  table: string,
  value: EncodedDocument,
): string {
  const answer = transaction.syscall("1.0/insert", { table, value: value as EncodedValue });
  return (answer as { _id: string })._id;
}

export function patch(transaction: SystemTransaction, id: string, value: EncodedDocument): void {
  transaction.syscall("1.0/shallowMerge", { id, value: value as EncodedValue });
}

export function remove(transaction: SystemTransaction, id: string): void {
  transaction.syscall("1.0/remove", { id });
}

export function get(transaction: SystemTransaction, id: string): EncodedDocument | null {
  return transaction.syscall("1.0/get", { id, isSystem: false }) as EncodedDocument | null;
}

export interface QueryShape {
  readonly range?: readonly (readonly [type: string, field: string, value: EncodedValue])[];
  readonly order?: "asc" | "desc";
  readonly operators?: readonly EncodedValue[];
}

/** The JSON of a query over an index (`table.index`) or a whole table. */
export function queryJson(name: string, { range, order, operators }: QueryShape = {}) {
  const source = name.includes(".")
    ? {
        type: "IndexRange",
        indexName: name,
        range: (range ?? []).map(([type, fieldPath, value]) => ({ type, fieldPath, value })),
        order: order ?? null,
      }
    : { type: "FullTableScan", tableName: name, order: order ?? null };
  return { source, operators: [...(operators ?? [])] };
}

/** All documents of a query. */
export function collect(
  transaction: SystemTransaction,
  name: string,
  shape?: QueryShape,
): EncodedDocument[] {
  const started = transaction.syscall("1.0/queryStream", { query: queryJson(name, shape) });
  const { queryId } = started as { queryId: number };
  const documents: EncodedDocument[] = [];
  for (;;) {
    const next = transaction.syscall("1.0/queryStreamNext", { queryId });
    const { value, done } = next as { value: EncodedDocument; done: boolean };
    if (done) return documents;
    documents.push(value);
  }
}

/** The field `n` of each document: what most of these tests put there to tell them apart. */
export function ns(documents: readonly EncodedDocument[]): EncodedValue[] {
  return documents.map(({ n }) => n as EncodedValue);
}

/** An exported schema with these indexes; documents may be anything unless a type is given. */
export function schemaOf(tables: {
  readonly [tableName: string]: {
    readonly indexes?: { readonly [name: string]: readonly string[] };
    readonly documentType?: unknown;
  };
}) {
  return {
    schemaValidation: true,
    tables: Object.entries(tables).map(([tableName, { indexes = {}, documentType }]) => ({
      tableName,
      indexes: Object.entries(indexes).map(([indexDescriptor, fields]) => ({
        indexDescriptor,
        fields,
      })),
      documentType: documentType ?? { type: "any" },
    })),
  };
}

/** The commits of a database from now on. */
export function commitsOf(database: EmbeddedDatabase): Commit[] {
  const commits: Commit[] = [];
  database.onCommit((commit) => commits.push(commit));
  return commits;
}
