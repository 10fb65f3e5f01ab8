/**
 * Turns the expressions of `withIndex` into an interval of keys.
 */
import type { EncodedValue } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import {
  afterPrefix,
  FIRST_KEY,
  type IndexKey,
  type KeyInterval,
  keyOfValue,
  LAST_KEY,
} from "../values/index-key.js";
import type { IndexDefinition } from "./index-definition.js";

export interface RangeExpression {
  readonly type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte";
  readonly fieldPath: string;
  readonly value: EncodedValue;
}

const SEE_DOCS = "For more information see https://docs.convex.dev/using/indexes.";

/**
 * The keys that a range means: any number of `Eq` on the first fields, then at most one lower
 * and one upper bound on the next.
 *
 * @throws {SyscallError} For a range that the index cannot answer.
 */
export function intervalOfRange(
  index: IndexDefinition,
  expressions: readonly RangeExpression[],
): KeyInterval {
  const name = `${index.tableName}.${index.name}`;
  const equalities = new Map<string, EncodedValue | undefined>();
  const bounds: { lower?: RangeExpression; upper?: RangeExpression } = {};
  for (const expression of expressions) {
    const { type, fieldPath } = expression;
    if (!index.fields.includes(fieldPath)) {
      throw new SyscallError(
        `The index range included a comparison with "${fieldPath}", but ${name} with fields ${displayFields(index)} doesn't index this field. ${SEE_DOCS}`,
      );
    }
    if (type === "Eq") {
      if (equalities.has(fieldPath)) {
        throw new SyscallError(
          `Already defined an equality bound on "${fieldPath}" in this range of ${name}.`,
        );
      }
      equalities.set(fieldPath, valueOfExpression(expression));
      continue;
    }
    const side = type === "Gt" || type === "Gte" ? "lower" : "upper";
    if (bounds[side] !== undefined) {
      throw new SyscallError(
        `Already defined ${side} bound in index range. Can't add another on "${fieldPath}".`,
      );
    }
    bounds[side] = expression;
  }
  return intervalOfBounds(index, name, equalities, bounds);
}

function intervalOfBounds(
  index: IndexDefinition,
  name: string,
  equalities: ReadonlyMap<string, EncodedValue | undefined>,
  { lower, upper }: { readonly lower?: RangeExpression; readonly upper?: RangeExpression },
): KeyInterval {
  if (lower !== undefined && upper !== undefined && lower.fieldPath !== upper.fieldPath) {
    throw new SyscallError(
      `Upper and lower bounds in a range can only be applied to a single index field. This query against index ${name} attempted to set a range bound on both "${lower.fieldPath}" and "${upper.fieldPath}". Consider using \`filter\` instead. ${SEE_DOCS}`,
    );
  }
  const boundField = (lower ?? upper)?.fieldPath;
  const queried = [...equalities.keys(), ...(boundField === undefined ? [] : [boundField])];
  let prefix = "";
  for (const field of index.fields.slice(0, queried.length)) {
    const isBound = field === boundField && !equalities.has(field);
    if (equalities.has(field)) prefix += keyOfValue(equalities.get(field));
    const isLast = field === index.fields[queried.length - 1];
    if (!equalities.has(field) && !(isBound && isLast)) {
      throw new SyscallError(
        `Tried to query index ${name} but the query didn't use the index fields in order.\nIndex fields: ${displayFields(index)}\nQuery fields: ${JSON.stringify(queried)}\nFirst incorrect field: "${field}"\n${SEE_DOCS}`,
      );
    }
  }
  const start = prefix as IndexKey;
  return {
    lower: lower === undefined ? start : boundKey(start, lower, lower.type === "Gt"),
    upper:
      upper === undefined
        ? start === FIRST_KEY
          ? LAST_KEY
          : afterPrefix(start)
        : boundKey(start, upper, upper.type === "Lte"),
  };
}

/** The first key with the bound's value, or the first one after all that have it. */
function boundKey(prefix: IndexKey, bound: RangeExpression, isAfter: boolean): IndexKey {
  const key = (prefix + keyOfValue(valueOfExpression(bound))) as IndexKey;
  return isAfter ? afterPrefix(key) : key;
}

/** Undefined stands for a missing field. */
function valueOfExpression({ value }: RangeExpression): EncodedValue | undefined {
  const isUndefined =
    typeof value === "object" && value !== null && Object.hasOwn(value, "$undefined");
  return isUndefined ? undefined : value;
}

function displayFields(index: IndexDefinition): string {
  return JSON.stringify(index.fields.filter((field) => field !== "_id" || index.name === "by_id"));
}
