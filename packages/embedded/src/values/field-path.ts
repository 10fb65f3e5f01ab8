import type { EncodedValue } from "../contract.js";
import type { EncodedObject } from "./encoded-value.js";

/** A path such as `state.kind`, taken apart once. */
export type FieldPath = readonly string[];

/** Takes `a.b` apart. */
export function parseFieldPath(path: string): FieldPath {
  return path.split(".");
}

/** The value at a path; undefined where a field is missing or its parent is no object. */
export function valueAt(document: EncodedObject, path: FieldPath): EncodedValue | undefined {
  let value: EncodedValue | undefined = document as { [field: string]: EncodedValue };
  for (const field of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    if (field.startsWith("$") || !Object.hasOwn(value, field)) return undefined;
    value = value[field];
  }
  return value;
}
