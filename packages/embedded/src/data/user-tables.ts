/**
 * What functions do to single documents: `db.get`, `insert`, `patch`, `replace` and `delete`, with
 * the checks that the real server makes and its words for refusing.
 */
import type { EncodedValue } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import { checkValue } from "../values/check-value.js";
import { parseDocumentId } from "../values/document-id.js";
import { type EncodedObject, encodeInteger } from "../values/encoded-value.js";
import type { Table } from "./catalog.js";
import type { Documents } from "./documents.js";
import { idOf } from "./documents.js";
import type { EncodedDocument } from "./embedded-database.js";
import { describeSchemaMismatch, isTableName, type Schema } from "./schema.js";

// What functions may see through `db.system`; the server's other tables are as if not there.
const READABLE_SYSTEM_TABLES: ReadonlySet<string> = new Set(["_scheduled_functions", "_storage"]);

const MEBIBYTE = 1 << 20;
const MAX_DOCUMENT_NESTING = 16;

export class UserTables {
  readonly #documents: Documents;
  readonly #schema: Schema;
  /** Documents that hold a commit timestamp which is not known yet, by id. */
  readonly #awaitingCommitTs = new Map<string, Table>();

  constructor(documents: Documents, schema: Schema) {
    this.#documents = documents;
    this.#schema = schema;
  }

  /** `db.get`: null for an id of no table, and for a document that is not there. */
  get(id: EncodedValue | undefined, tableName: string | null, isSystem: boolean) {
    const table = this.#tableOf("get", id, tableName);
    if (table === null) return null;
    if (isSystemTable(table.name) !== isSystem) {
      throw new SyscallError(
        isSystem
          ? "User tables cannot be accessed with db.system."
          : "System tables can only be accessed with db.system.",
      );
    }
    return isReadable(table.name) ? this.#documents.get(table, id as string) : null;
  }

  /** @returns The new document's id. */
  insert(tableName: string, value: EncodedValue | undefined): string {
    if (!isTableName(tableName)) {
      throw new SyscallError(
        `Invalid table name "${tableName}": a name starts with a letter and has only letters, digits and underscores, at most 64`,
      );
    }
    const fields = this.#requireObject("insert", value);
    for (const field of ["_id", "_creationTime"]) {
      if (Object.hasOwn(fields, field)) {
        throw new SyscallError(
          `Invalid argument \`value\` for \`db.insert\`: field "${field}" is set by the database`,
        );
      }
    }
    const table = this.#documents.catalog.ensureTable(tableName);
    const system = this.#documents.newSystemFields(table);
    const document = sortFields({ ...fields, ...system });
    this.#documents.insert(table, document, this.#check(table, document));
    return system._id;
  }

  /** `db.patch`: fields given as `$undefined` are removed. @returns The whole new document. */
  patch(id: EncodedValue | undefined, value: EncodedValue | undefined, tableName: string | null) {
    const { table, before } = this.#requireDocument("patch", "Update on", id, tableName);
    const changes = this.#requireObject("patch", value);
    this.#refuseOtherSystemFields("patch", before, changes);
    const merged = Object.entries({ ...before, ...changes }).filter(
      ([, inner]) => !isUndefined(inner),
    );
    return this.#write(table, before, Object.fromEntries(merged));
  }

  /** @returns The whole new document. */
  replace(id: EncodedValue | undefined, value: EncodedValue | undefined, tableName: string | null) {
    const { table, before } = this.#requireDocument("replace", "Replace on", id, tableName);
    const fields = this.#requireObject("replace", value);
    this.#refuseOtherSystemFields("replace", before, fields);
    const { _id, _creationTime } = before;
    return this.#write(table, before, { ...fields, _id, _creationTime } as EncodedDocument);
  }

  /** @returns The document that was there. */
  remove(id: EncodedValue | undefined, tableName: string | null): EncodedDocument {
    const { table, before } = this.#requireDocument("delete", "Delete on", id, tableName);
    this.#documents.usage.countWrite(0);
    this.#documents.remove(table, before);
    return before;
  }

  /** Gives the documents that wait for it their commit timestamp; at the end of a mutation. */
  resolveCommitTs(ts: bigint): void {
    for (const [id, table] of this.#awaitingCommitTs) {
      // It may have been removed since, or rolled back with a nested mutation.
      const before = this.#documents.getForWrite(table, id);
      if (before === null) continue;
      const after = withCommitTs(before, encodeInteger(ts)) as EncodedDocument;
      this.#documents.update(table, before, after, checkValue({ ...after }).size);
    }
  }

  #write(table: Table, before: EncodedDocument, fields: EncodedDocument): EncodedDocument {
    const after = sortFields(fields);
    this.#documents.update(table, before, after, this.#check(table, after));
    return after;
  }

  /** @returns The document's size. @throws {SyscallError} If it may not be stored. */
  #check(table: Table, document: EncodedDocument): number {
    const { size, nesting } = checkValue({ ...document });
    if (size > MEBIBYTE) {
      const mebibytes = Math.ceil((size / MEBIBYTE) * 10) / 10;
      throw new SyscallError(`Value is too large (${mebibytes} MiB > maximum size 1 MiB)`);
    }
    if (nesting > MAX_DOCUMENT_NESTING) {
      throw new SyscallError(
        `Document is too nested (nested ${nesting} levels deep > maximum nesting ${MAX_DOCUMENT_NESTING})`,
      );
    }
    for (const field of Object.keys(document)) {
      if (field.startsWith("_") && field !== "_id" && field !== "_creationTime") {
        throw new SyscallError(
          `Field name "${field}" starts with an underscore, which is only allowed for system fields like "_id"`,
        );
      }
    }
    const reason = describeSchemaMismatch(
      this.#schema,
      table.name,
      document,
      (id) => tableOfId(this.#documents, id)?.name ?? null,
    );
    if (reason !== null) {
      throw new SyscallError(
        `Failed to insert or update a document in table "${table.name}" because it does not match the schema: ${reason}`,
      );
    }
    this.#documents.usage.countWrite(size);
    if (containsCommitTs(document)) this.#awaitingCommitTs.set(idOf(document), table);
    return size;
  }

  #requireDocument(
    method: string,
    action: string,
    id: EncodedValue | undefined,
    tableName: string | null,
  ): { table: Table; before: EncodedDocument } {
    const table = this.#tableOf(method, id, tableName);
    if (table !== null && isSystemTable(table.name)) {
      throw new SyscallError("System tables (prefixed with `_`) are read-only.");
    }
    const before = table === null ? null : this.#documents.getForWrite(table, id as string);
    if (table === null || before === null) {
      throw new SyscallError(`${action} nonexistent document ID ${String(id)}`);
    }
    return { table, before };
  }

  /** The table of an id; null if no table has its number. */
  #tableOf(method: string, id: EncodedValue | undefined, tableName: string | null): Table | null {
    if (typeof id !== "string") {
      throw new SyscallError(`Invalid argument \`id\` for \`db.${method}\`: expected a string`);
    }
    const parts = parseDocumentId(id);
    if (parts === null) {
      throw new SyscallError(
        `Invalid argument \`id\` for \`db.${method}\`: Unable to decode ID: ${JSON.stringify(id)}`,
      );
    }
    const table = this.#documents.catalog.tableOfNumber(parts.tableNumber) ?? null;
    if (tableName !== null && table !== null && table.name !== tableName) {
      throw new SyscallError(
        `Invalid argument \`id\` for \`db.${method}\`: expected to be an Id<"${tableName}">, got Id<"${table.name}"> instead.`,
      );
    }
    return table;
  }

  #requireObject(method: string, value: EncodedValue | undefined): EncodedObject {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    throw new SyscallError(`Invalid argument \`value\` for \`db.${method}\`: expected an object`);
  }

  /** System fields may be given again, as they are. */
  #refuseOtherSystemFields(method: string, before: EncodedDocument, fields: EncodedObject): void {
    for (const field of ["_id", "_creationTime"]) {
      if (Object.hasOwn(fields, field) && fields[field] !== before[field]) {
        throw new SyscallError(
          `Invalid argument \`value\` for \`db.${method}\`: field "${field}" is ${JSON.stringify(before[field])} and cannot be changed to ${JSON.stringify(fields[field])}`,
        );
      }
    }
  }
}

/** The table of a document id, or undefined for what is no id or of no table. */
export function tableOfId({ catalog }: Pick<Documents, "catalog">, id: string): Table | undefined {
  const parts = parseDocumentId(id);
  return parts === null ? undefined : catalog.tableOfNumber(parts.tableNumber);
}

export function isSystemTable(tableName: string): boolean {
  return tableName.startsWith("_");
}

/** Whether functions may read a table of this name. */
export function isReadable(tableName: string): boolean {
  return !isSystemTable(tableName) || READABLE_SYSTEM_TABLES.has(tableName);
}

/** Fields in the order that Convex keeps them in. */
export function sortFields(fields: EncodedDocument): EncodedDocument {
  const sorted = Object.entries(fields).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(sorted);
}

function isUndefined(value: EncodedValue): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "$undefined");
}

function containsCommitTs(value: EncodedValue | EncodedDocument): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "$commitTs") || Object.values(value).some(containsCommitTs);
}

function withCommitTs(
  value: EncodedValue | EncodedDocument,
  ts: EncodedObject,
): EncodedValue | EncodedDocument {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((inner) => withCommitTs(inner, ts) as EncodedValue);
  if (Object.hasOwn(value, "$commitTs")) return ts;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => [field, withCommitTs(inner, ts) as EncodedValue]),
  );
}
