import type { EncodedValue, FunctionSpec } from "../contract.js";

/** The functions as `npx convex function-spec` prints them. */
export function toFunctionSpecs(specs: readonly FunctionSpec[]): EncodedValue {
  return specs.map((spec) => ({
    args: spec.args as EncodedValue,
    functionType: spec.functionType,
    identifier: spec.identifier,
    returns: spec.returns as EncodedValue,
    visibility: { kind: spec.visibility },
  }));
}
