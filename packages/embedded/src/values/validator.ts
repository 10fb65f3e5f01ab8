import type { EncodedValue } from "../contract.js";

/** A validator as `exportArgs()`, `exportReturns()` and `schema.export()` write it. */
export type ValidatorJson =
  | {
      readonly type:
        | "null"
        | "number"
        | "bigint"
        | "boolean"
        | "string"
        | "bytes"
        | "any"
        | "commitTs";
    }
  | { readonly type: "id"; readonly tableName: string }
  | { readonly type: "literal"; readonly value: EncodedValue }
  | { readonly type: "array"; readonly value: ValidatorJson }
  | { readonly type: "record"; readonly keys: ValidatorJson; readonly values: FieldValidatorJson }
  | { readonly type: "object"; readonly value: { readonly [field: string]: FieldValidatorJson } }
  | { readonly type: "union"; readonly value: readonly ValidatorJson[] };

export interface FieldValidatorJson {
  readonly fieldType: ValidatorJson;
  readonly optional: boolean;
}
