import type { GenericValidator, PropertyValidators } from "convex/values";
import { ledgerError } from "../model/ledger-error.js";
import { show } from "../model/show.js";

/**
 * Checks that a parsed JSON object has the fields of a function's arguments, before the function
 * itself would refuse it without saying which field was wrong.
 *
 * @param doing What is refused if they are not: "record deployment".
 * @throws {ConvexError} INVALID_ARGUMENT
 */
export function checkFields(
  doing: string,
  fields: PropertyValidators,
  body: Readonly<Record<string, unknown>>,
): void {
  for (const name of Object.keys(body)) {
    // Own names alone: "constructor" and "__proto__" are fields that nobody asked for.
    if (!Object.hasOwn(fields, name)) {
      fail(doing, `only the fields ${Object.keys(fields).join(", ")}`, name);
    }
  }
  for (const [name, validator] of Object.entries(fields)) {
    const value = Object.hasOwn(body, name) ? body[name] : undefined;
    if (value === undefined && validator.isOptional === "optional") continue;
    if (!fits(value, validator)) fail(doing, `${name} as ${describe(validator)}`, value);
  }
}

function fits(value: unknown, validator: GenericValidator): boolean {
  switch (validator.kind) {
    case "string":
      // Half of a character cannot be stored.
      return typeof value === "string" && !/\p{Cs}/u.test(value);
    case "float64":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "null":
      return value === null;
    case "literal":
      return value === validator.value;
    case "union":
      return validator.members.some((member: GenericValidator) => fits(value, member));
    default:
      throw new TypeError(`Cannot check a field: no rule for "${validator.kind}"`);
  }
}

function describe(validator: GenericValidator): string {
  switch (validator.kind) {
    case "string":
      return "a text";
    case "float64":
      return "a number";
    case "boolean":
      return "true or false";
    case "literal":
      return JSON.stringify(validator.value);
    case "union":
      return validator.members.map(describe).join(" or ");
    default:
      return validator.kind;
  }
}

function fail(doing: string, expected: string, got: unknown): never {
  throw ledgerError("INVALID_ARGUMENT", `Cannot ${doing}: expected ${expected}, got ${show(got)}`);
}
