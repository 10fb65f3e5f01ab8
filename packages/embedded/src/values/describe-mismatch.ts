import type { EncodedValue } from "../contract.js";
import { displayPathStep, displayValidator, displayValue } from "./display.js";
import { decode, type EncodedObject } from "./encoded-value.js";
import type { ValidatorJson } from "./validator.js";

/** The name of the table that an id belongs to; null for what is no id or of no known table. */
export type TableOfId = (id: string) => string | null;

/**
 * Says why a value does not fit a validator, in the words that Convex uses after
 * `ArgumentValidationError: ` and the like; null if it fits.
 *
 * The first mismatch in field order is the one named. A mismatch inside a union names the union,
 * since no member is more meant than another.
 */
export function describeMismatch(
  validator: ValidatorJson,
  value: EncodedValue,
  tableOfId: TableOfId,
): string | null {
  const describe = mismatch(validator, value, tableOfId, "");
  return describe === null ? null : describe();
}

/** Writes the reason; called for the one mismatch that is shown, not for each union member tried. */
type Describe = () => string;

function mismatch(
  validator: ValidatorJson,
  value: EncodedValue,
  tableOfId: TableOfId,
  path: string,
): Describe | null {
  const plain = () =>
    [
      "Value does not match validator.",
      pathLine(path),
      `Value: ${displayValue(value)}`,
      `Validator: ${displayValidator(validator)}`,
    ].join("\n");

  const decoded = decode(value);
  switch (validator.type) {
    case "any":
      return null;
    case "null":
    case "boolean":
    case "string":
    case "bytes":
      return decoded.type === validator.type ? null : plain;
    case "number":
      return decoded.type === "float64" ? null : plain;
    case "bigint":
      return decoded.type === "int64" ? null : plain;
    case "commitTs":
      return decoded.type === "int64" || decoded.type === "commitTs" ? null : plain;
    case "id": {
      const tableName = decoded.type === "string" ? tableOfId(decoded.value) : null;
      if (tableName === null) return plain;
      if (tableName === validator.tableName) return null;
      return () =>
        `Found ID ${displayValue(value)} from table \`${tableName}\`, which does not match the table name in validator \`${displayValidator(validator)}\`.\n${pathLine(path)}`;
    }
    case "literal":
      return isSameScalar(value, validator.value)
        ? null
        : () =>
            `\`${displayValue(value)}\` does not match literal validator \`${displayValidator(validator)}\`.\n${pathLine(path)}`;
    case "array":
      if (decoded.type !== "array") return plain;
      for (const [index, element] of decoded.value.entries()) {
        const reason = mismatch(validator.value, element, tableOfId, `${path}[${index}]`);
        if (reason !== null) return reason;
      }
      return null;
    case "record":
      if (decoded.type !== "object") return plain;
      for (const [field, inner] of Object.entries(decoded.value)) {
        const at = path + displayPathStep(field);
        const reason =
          mismatch(validator.keys, field, tableOfId, at) ??
          mismatch(validator.values.fieldType, inner, tableOfId, at);
        if (reason !== null) return reason;
      }
      return null;
    case "union": {
      const fits = validator.value.some(
        (member) => mismatch(member, value, tableOfId, path) === null,
      );
      return fits ? null : plain;
    }
    case "object":
      if (decoded.type !== "object") return plain;
      return objectMismatch(validator, decoded.value, tableOfId, path);
    default:
      return validator satisfies never;
  }
}

function objectMismatch(
  validator: ValidatorJson & { readonly type: "object" },
  object: EncodedObject,
  tableOfId: TableOfId,
  path: string,
): Describe | null {
  const withObject = (message: string) => () =>
    [
      message,
      pathLine(path),
      `Object: ${displayValue(object)}`,
      `Validator: ${displayValidator(validator)}`,
    ].join("\n");

  for (const [field, { fieldType, optional }] of Object.entries(validator.value)) {
    if (!Object.hasOwn(object, field)) {
      if (optional) continue;
      return withObject(
        `Object is missing the required field \`${field}\`. Consider wrapping the field validator in \`v.optional(...)\` if this is expected.`,
      );
    }
    const inner = object[field] as EncodedValue;
    const reason = mismatch(fieldType, inner, tableOfId, path + displayPathStep(field));
    if (reason !== null) return reason;
  }
  for (const field of Object.keys(object)) {
    if (!Object.hasOwn(validator.value, field)) {
      return withObject(`Object contains extra field \`${field}\` that is not in the validator.`);
    }
  }
  return null;
}

function isSameScalar(value: EncodedValue, literal: EncodedValue): boolean {
  return value === literal || JSON.stringify(value) === JSON.stringify(literal);
}

function pathLine(path: string): string {
  return path === "" ? "" : `Path: ${path}`;
}
