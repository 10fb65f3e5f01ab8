/**
 * Filter expressions, as `q.eq(q.field("a"), 1)` writes them, made into functions.
 */
import type { EncodedValue } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import { compareEncoded } from "../values/compare.js";
import { displayValue } from "../values/display.js";
import { decode, type EncodedObject, encodeFloat, encodeInteger } from "../values/encoded-value.js";
import { parseFieldPath, valueAt } from "../values/field-path.js";

export type Filter = (document: EncodedObject) => boolean;

/** Undefined is the value of a missing field. */
type Evaluate = (document: EncodedObject) => EncodedValue | undefined;

/**
 * Makes a filter from its expression. A document passes when the expression is `true`.
 *
 * @throws {SyscallError} For an expression it does not know.
 */
export function compileFilter(expression: EncodedValue): Filter {
  const evaluate = compile(expression);
  return (document) => evaluate(document) === true;
}

function compile(expression: EncodedValue): Evaluate {
  const [operator, operand] = takeApart(expression);
  switch (operator) {
    case "$literal":
      return constant(operand);
    case "$field": {
      const path = parseFieldPath(String(operand));
      return (document) => valueAt(document, path);
    }
    case "$eq":
      return comparison(operand, (order) => order === 0);
    case "$neq":
      return comparison(operand, (order) => order !== 0);
    case "$lt":
      return comparison(operand, (order) => order < 0);
    case "$lte":
      return comparison(operand, (order) => order <= 0);
    case "$gt":
      return comparison(operand, (order) => order > 0);
    case "$gte":
      return comparison(operand, (order) => order >= 0);
    case "$add":
    case "$sub":
    case "$mul":
    case "$div":
    case "$mod":
      return arithmetic(operator, operand);
    case "$neg": {
      const [inner] = operandsOf(operator, [operand], 1);
      return (document) => negate(inner(document));
    }
    case "$and": {
      const inner = operandsOf(operator, operand);
      return (document) => inner.every((evaluate) => evaluate(document) === true);
    }
    case "$or": {
      const inner = operandsOf(operator, operand);
      return (document) => inner.some((evaluate) => evaluate(document) === true);
    }
    case "$not": {
      const [inner] = operandsOf(operator, [operand], 1);
      return (document) => inner(document) !== true;
    }
    default:
      throw new SyscallError(`Invalid filter: unknown operator "${operator}"`);
  }
}

function takeApart(expression: EncodedValue): [operator: string, operand: EncodedValue] {
  const entries =
    typeof expression === "object" && expression !== null ? Object.entries(expression) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) {
    throw new SyscallError("Invalid filter: expected an object with one operator");
  }
  return entry;
}

function operandsOf(operator: string, operands: EncodedValue): Evaluate[];
function operandsOf(operator: string, operands: EncodedValue, count: 1): [Evaluate];
function operandsOf(operator: string, operands: EncodedValue, count: 2): [Evaluate, Evaluate];
function operandsOf(operator: string, operands: EncodedValue, count?: number): Evaluate[] {
  if (!Array.isArray(operands) || (count !== undefined && operands.length !== count)) {
    throw new SyscallError(`Invalid filter: wrong number of operands of "${operator}"`);
  }
  return operands.map(compile);
}

function constant(literal: EncodedValue): Evaluate {
  const isUndefined =
    typeof literal === "object" && literal !== null && Object.hasOwn(literal, "$undefined");
  return isUndefined ? () => undefined : () => literal;
}

function comparison(operands: EncodedValue, holds: (order: number) => boolean): Evaluate {
  const [left, right] = operandsOf("comparison", operands, 2);
  return (document) => holds(compareEncoded(left(document), right(document)));
}

const ARITHMETIC = {
  $add: {
    verb: "add",
    float: (left: number, right: number) => left + right,
    integer: (left: bigint, right: bigint) => left + right,
  },
  $sub: {
    verb: "subtract",
    float: (left: number, right: number) => left - right,
    integer: (left: bigint, right: bigint) => left - right,
  },
  $mul: {
    verb: "multiply",
    float: (left: number, right: number) => left * right,
    integer: (left: bigint, right: bigint) => left * right,
  },
  $div: {
    verb: "divide",
    float: (left: number, right: number) => left / right,
    integer: (left: bigint, right: bigint) => left / right,
  },
  $mod: {
    verb: "take the remainder of",
    float: (left: number, right: number) => left % right,
    integer: (left: bigint, right: bigint) => left % right,
  },
} as const;

function arithmetic(operator: keyof typeof ARITHMETIC, operands: EncodedValue): Evaluate {
  const [evaluateLeft, evaluateRight] = operandsOf(operator, operands, 2);
  const { verb, float, integer } = ARITHMETIC[operator];
  return (document) => {
    const leftValue = evaluateLeft(document);
    const rightValue = evaluateRight(document);
    const left = leftValue === undefined ? undefined : decode(leftValue);
    const right = rightValue === undefined ? undefined : decode(rightValue);
    if (left?.type === "float64" && right?.type === "float64") {
      return encodeFloat(float(left.value, right.value));
    }
    if (left?.type !== "int64" || right?.type !== "int64") {
      throw new SyscallError(
        `Cannot ${verb} ${displayOperand(leftValue)} and ${displayOperand(rightValue)}`,
      );
    }
    const divides = operator === "$div" || operator === "$mod";
    if (divides && right.value === 0n) {
      throw new SyscallError(`Cannot divide ${displayOperand(leftValue)} by zero`);
    }
    return encodeInteger(BigInt.asIntN(64, integer(left.value, right.value)));
  };
}

function negate(value: EncodedValue | undefined): EncodedValue {
  const decoded = value === undefined ? undefined : decode(value);
  if (decoded?.type === "float64") return encodeFloat(-decoded.value);
  if (decoded?.type === "int64") return encodeInteger(BigInt.asIntN(64, -decoded.value));
  throw new SyscallError(`Cannot negate ${displayOperand(value)}`);
}

function displayOperand(value: EncodedValue | undefined): string {
  if (value === undefined) return "undefined (type undefined)";
  return `${displayValue(value)} (type ${decode(value).type})`;
}
