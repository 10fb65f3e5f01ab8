import type { EncodedObject } from "../values/encoded-value.js";
import { type FieldPath, parseFieldPath, valueAt } from "../values/field-path.js";
import { type IndexKey, keyOfValues } from "../values/index-key.js";

/** Which fields of a table's documents make the key of an index. */
export interface IndexDefinition {
  readonly tableName: string;
  readonly name: string;
  /** All of them, with the tie-breakers `_creationTime` and `_id`. */
  readonly fields: readonly string[];
  keyOf(document: EncodedObject): IndexKey;
}

/** The indexes that every table has. */
export const BUILT_IN_INDEXES: { readonly [name: string]: readonly string[] } = {
  by_id: ["_id"],
  by_creation_time: ["_creationTime", "_id"],
};

/** The fields of an index of the schema, with what makes its keys distinct. */
export function withTieBreakers(fields: readonly string[]): string[] {
  return [...fields, "_creationTime", "_id"];
}

export function defineIndex(
  tableName: string,
  name: string,
  fields: readonly string[],
): IndexDefinition {
  const paths: readonly FieldPath[] = fields.map(parseFieldPath);
  return {
    tableName,
    name,
    fields,
    keyOf: (document) => keyOfValues(paths.map((path) => valueAt(document, path))),
  };
}
