/**
 * Brings tables, indexes and documents in line with a new schema. The caller has a SQLite
 * transaction open and undoes it when this throws.
 */

import { afterKey, FIRST_KEY, LAST_KEY } from "../values/index-key.js";
import type { Catalog, StoredIndex, Table } from "./catalog.js";
import { idOf, parseDocument } from "./documents.js";
import { BUILT_IN_INDEXES } from "./index-definition.js";
import { describeSchemaMismatch, type Schema, SchemaError } from "./schema.js";
import type { Store } from "./store.js";
import { isSystemTable, tableOfId } from "./user-tables.js";

const CHUNK = 256;

/**
 * Makes the tables that the schema names, checks the documents of those whose validator is new,
 * and makes and removes indexes.
 *
 * @param current The schema that the documents fit already.
 * @throws {SchemaError} For the first document that does not fit.
 */
export function applySchema(store: Store, catalog: Catalog, current: Schema, next: Schema): void {
  for (const tableName of next.tables.keys()) catalog.ensureTable(tableName);
  for (const table of [...catalog.tables()]) {
    if (isSystemTable(table.name)) continue;
    const wanted = next.tables.get(table.name);
    const isChecked = wanted === undefined || isSameValidator(table.name, current, next);
    const added = replaceIndexes(store, catalog, table, wanted?.indexes ?? new Map());
    fillAndCheck(store, catalog, table, added, isChecked ? null : next);
  }
}

/** Gives a system table the indexes that the server's code counts on. */
export function ensureSystemTable(
  store: Store,
  catalog: Catalog,
  name: string,
  indexes: ReadonlyMap<string, readonly string[]>,
): void {
  const table = catalog.ensureTable(name);
  fillAndCheck(store, catalog, table, replaceIndexes(store, catalog, table, indexes), null);
}

/** @returns The indexes that are new, still without entries. */
function replaceIndexes(
  store: Store,
  catalog: Catalog,
  table: Table,
  wanted: ReadonlyMap<string, readonly string[]>,
): StoredIndex[] {
  const kept = new Set(Object.keys(BUILT_IN_INDEXES));
  for (const index of table.indexes.values()) {
    if (kept.has(index.name)) continue;
    if (JSON.stringify(wanted.get(index.name)) === JSON.stringify(index.fields)) {
      kept.add(index.name);
      continue;
    }
    store.deleteIndex(index.id);
    catalog.removeIndex(table.name, index);
  }
  return [...wanted]
    .filter(([name]) => !kept.has(name))
    .map(([name, fields]) => catalog.addIndex(table.name, name, fields));
}

/** Goes through a table's documents once: into the new indexes, and past the schema if given. */
function fillAndCheck(
  store: Store,
  catalog: Catalog,
  table: Table,
  added: readonly StoredIndex[],
  schema: Schema | null,
): void {
  if (added.length === 0 && schema === null) return;
  let lower = FIRST_KEY;
  for (;;) {
    const rows = store.scan(table.byId.id, { lower, upper: LAST_KEY }, "asc", CHUNK);
    for (const row of rows) {
      const document = parseDocument(row);
      const reason =
        schema === null
          ? null
          : describeSchemaMismatch(
              schema,
              table.name,
              document,
              (id) => tableOfId({ catalog }, id)?.name ?? null,
            );
      if (reason !== null) {
        throw new SchemaError(
          table.name,
          `Document with ID "${idOf(document)}" in table "${table.name}" does not match the schema: ${reason}`,
        );
      }
      for (const index of added) store.insertEntry(index.id, index.keyOf(document), row.row);
      lower = afterKey(row.key);
    }
    if (rows.length < CHUNK) return;
  }
}

/** Whether the documents of a table were already checked with the validator they get. */
function isSameValidator(tableName: string, current: Schema, next: Schema): boolean {
  if (!next.isEnforced) return true;
  if (!current.isEnforced) return false;
  const [before, after] = [current, next].map(({ tables }) => tables.get(tableName)?.validator);
  return JSON.stringify(before) === JSON.stringify(after);
}
