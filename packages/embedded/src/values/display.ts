/** How values and validators are written in error messages. */
import type { EncodedValue } from "../contract.js";
import { decode } from "./encoded-value.js";
import type { ValidatorJson } from "./validator.js";

/** A value as JavaScript would write it, except that whole floats keep their point: `{n: 1.0}`. */
export function displayValue(value: EncodedValue): string {
  const decoded = decode(value);
  switch (decoded.type) {
    case "null":
      return "null";
    case "int64":
      return `${decoded.value}n`;
    case "float64":
      return displayFloat(decoded.value);
    case "boolean":
      return String(decoded.value);
    case "string":
      return JSON.stringify(decoded.value);
    case "bytes":
      return `bytes(${decoded.value.toString("base64")})`;
    case "commitTs":
      return "[unresolved commit timestamp]";
    case "array":
      return `[${decoded.value.map(displayValue).join(", ")}]`;
    case "object":
      return `{${Object.entries(decoded.value)
        .map(([field, inner]) => `${displayField(field)}: ${displayValue(inner)}`)
        .join(", ")}}`;
    default:
      return decoded satisfies never;
  }
}

/** A validator as it is written in a schema: `v.object({name: v.optional(v.string())})`. */
export function displayValidator(validator: ValidatorJson): string {
  switch (validator.type) {
    case "number":
      return "v.float64()";
    case "bigint":
      return "v.int64()";
    case "null":
    case "boolean":
    case "string":
    case "bytes":
    case "any":
    case "commitTs":
      return `v.${validator.type}()`;
    case "id":
      return `v.id(${JSON.stringify(validator.tableName)})`;
    case "literal":
      return `v.literal(${displayValue(validator.value)})`;
    case "array":
      return `v.array(${displayValidator(validator.value)})`;
    case "record":
      return `v.record(${displayValidator(validator.keys)}, ${displayValidator(validator.values.fieldType)})`;
    case "union":
      return `v.union(${validator.value.map(displayValidator).join(", ")})`;
    case "object":
      return `v.object({${Object.entries(validator.value)
        .map(([field, { fieldType, optional }]) => {
          const inner = displayValidator(fieldType);
          return `${displayField(field)}: ${optional ? `v.optional(${inner})` : inner}`;
        })
        .join(", ")}})`;
    default:
      return validator satisfies never;
  }
}

/** A step into an object, as the `Path:` lines write it. */
export function displayPathStep(field: string): string {
  return isIdentifier(field) ? `.${field}` : `[${JSON.stringify(field)}]`;
}

function displayFloat(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value);
}

function displayField(field: string): string {
  return isIdentifier(field) ? field : JSON.stringify(field);
}

function isIdentifier(field: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(field);
}
