/**
 * The active schema: which validator a table's documents keep, and which indexes it has.
 */

import { describeMismatch, type TableOfId } from "../values/describe-mismatch.js";
import type { EncodedObject } from "../values/encoded-value.js";
import type { FieldValidatorJson, ValidatorJson } from "../values/validator.js";
import { withTieBreakers } from "./index-definition.js";

export interface TableSchema {
  readonly validator: ValidatorJson;
  /** Fields with tie-breakers, by index name. */
  readonly indexes: ReadonlyMap<string, readonly string[]>;
}

export interface Schema {
  readonly tables: ReadonlyMap<string, TableSchema>;
  /** Whether documents are checked. */
  readonly isEnforced: boolean;
}

export const NO_SCHEMA: Schema = { tables: new Map(), isEnforced: false };

/** A schema that cannot be taken, whatever the documents are. */
export class SchemaError extends Error {
  constructor(
    readonly tableName: string,
    message: string,
  ) {
    super(message);
  }
}

/** What `schema.export()` gives, parsed; only what the database reads. */
interface ExportedSchema {
  readonly tables: readonly {
    readonly tableName: string;
    readonly indexes: readonly {
      readonly indexDescriptor: string;
      readonly fields: readonly string[];
    }[];
    readonly documentType: ValidatorJson | null;
  }[];
  readonly schemaValidation: boolean;
}

const MAX_INDEXES = 64;
const MAX_INDEX_FIELDS = 16;
const IDENTIFIER = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** Whether a user's table may have this name. */
export function isTableName(name: string): boolean {
  return IDENTIFIER.test(name);
}

/**
 * Reads what `schema.export()` gives, parsed; null is no schema.
 *
 * @throws {SchemaError} For names, fields or numbers of indexes that Convex refuses.
 */
export function parseSchema(exported: unknown): Schema {
  if (exported === null || exported === undefined) return NO_SCHEMA;
  const { tables, schemaValidation } = exported as ExportedSchema;
  return {
    isEnforced: schemaValidation,
    tables: new Map(
      tables.map(({ tableName, indexes, documentType }) => {
        if (!isTableName(tableName)) {
          throw new SchemaError(
            tableName,
            `Table names must be identifiers of at most 64 characters that start with a letter, got "${tableName}"`,
          );
        }
        return [
          tableName,
          {
            validator: withSystemFields(tableName, documentType ?? { type: "any" }),
            indexes: parseIndexes(tableName, indexes),
          },
        ];
      }),
    ),
  };
}

/**
 * Says why a document of this table is not as the schema wants it; null if it is, or if the
 * schema does not speak of the table.
 */
export function describeSchemaMismatch(
  schema: Schema,
  tableName: string,
  document: EncodedObject,
  tableOfId: TableOfId,
): string | null {
  const table = schema.isEnforced ? schema.tables.get(tableName) : undefined;
  if (table === undefined) return null;
  return describeMismatch(table.validator, { ...document }, tableOfId);
}

function parseIndexes(
  tableName: string,
  exported: ExportedSchema["tables"][number]["indexes"],
): Map<string, readonly string[]> {
  const refuse = (message: string) => {
    throw new SchemaError(tableName, message);
  };
  if (exported.length > MAX_INDEXES) {
    refuse(`Table "${tableName}" has ${exported.length} indexes, more than ${MAX_INDEXES}`);
  }
  const indexes = new Map<string, readonly string[]>();
  for (const { indexDescriptor: name, fields } of exported) {
    const fullName = `${tableName}.${name}`;
    if (!IDENTIFIER.test(name) || name === "by_id" || name === "by_creation_time") {
      refuse(`Index name "${fullName}" is reserved or not an identifier`);
    }
    if (indexes.has(name)) refuse(`Index "${fullName}" is defined twice`);
    if (fields.length === 0) refuse(`Index "${fullName}" has no fields`);
    if (fields.length > MAX_INDEX_FIELDS) {
      refuse(`Index "${fullName}" has ${fields.length} fields, more than ${MAX_INDEX_FIELDS}`);
    }
    if (new Set(fields).size < fields.length) {
      refuse(`Index "${fullName}" names a field twice`);
    }
    if (fields.includes("_creationTime") || fields.includes("_id")) {
      refuse(`Index "${fullName}" names a field that ends every index anyway`);
    }
    indexes.set(name, withTieBreakers(fields));
  }
  return indexes;
}

/** Adds `_id` and `_creationTime`, which a schema leaves out, to every object it may be. */
function withSystemFields(tableName: string, validator: ValidatorJson): ValidatorJson {
  if (validator.type === "union") {
    const members = validator.value.map((member) => withSystemFields(tableName, member));
    return { type: "union", value: members };
  }
  if (validator.type !== "object") return validator;
  const systemFields: { readonly [field: string]: FieldValidatorJson } = {
    _creationTime: { fieldType: { type: "number" }, optional: false },
    _id: { fieldType: { type: "id", tableName }, optional: false },
  };
  return { type: "object", value: { ...systemFields, ...validator.value } };
}
