import type { FunctionSpec, FunctionType } from "../contract.js";
import type { ValidatorJson } from "../values/validator.js";
import { type FunctionPath, parseFunctionPath } from "./function-path.js";

/** A function of the folder, as its module exports it. */
export interface RegisteredFunction {
  readonly path: FunctionPath;
  readonly type: FunctionType;
  readonly visibility: "public" | "internal";
  readonly args: ValidatorJson;
  /** Null if the function does not say what it returns. */
  readonly returns: ValidatorJson | null;
  /** Takes and gives JSON text: an array with one encoded object, and the encoded result. */
  invoke(argsJson: string, requestId: string): Promise<string>;
}

/** `convex/server`'s marks on what `query(...)` and its like return. */
interface Marked {
  readonly isQuery?: true;
  readonly isMutation?: true;
  readonly isAction?: true;
  readonly isHttp?: true;
  readonly isInternal?: true;
  readonly invokeQuery: (argsJson: string) => Promise<string>;
  readonly invokeMutation: (argsJson: string) => Promise<string>;
  readonly invokeAction: (requestId: string, argsJson: string) => Promise<string>;
  readonly exportArgs?: () => string;
  readonly exportReturns?: () => string;
}

/**
 * Reads one export of a module; null if it is not a Convex function.
 *
 * @param module `dir/file.js`
 * @throws {Error} If its validators cannot be read, such as one that is undefined by a circular
 *   import.
 */
export function readExport(
  module: string,
  name: string,
  value: unknown,
): RegisteredFunction | null {
  const type = functionType(value);
  if (type === null) return null;
  const marked = value as Marked;
  const path = parseFunctionPath(`${module}:${name}`);
  const invoke: RegisteredFunction["invoke"] = (argsJson, requestId) => {
    switch (type) {
      case "Query":
        return marked.invokeQuery(argsJson);
      case "Mutation":
        return marked.invokeMutation(argsJson);
      case "Action":
        return marked.invokeAction(requestId, argsJson);
      case "HttpAction":
        throw new TypeError(`${path.identifier} is called by a request, not by arguments`);
      default:
        return type satisfies never;
    }
  };
  return {
    path,
    type,
    visibility: marked.isInternal === true ? "internal" : "public",
    args: parseValidator(path, marked.exportArgs) ?? { type: "any" },
    returns: parseValidator(path, marked.exportReturns),
    invoke,
  };
}

/** The function as `npx convex function-spec` lists it. */
export function functionSpec(registered: RegisteredFunction): FunctionSpec {
  const { path, type, visibility, args, returns } = registered;
  return { identifier: path.identifier, functionType: type, visibility, args, returns };
}

function functionType(value: unknown): FunctionType | null {
  if (typeof value !== "function") return null;
  const marked = value as Partial<Marked>;
  if (marked.isQuery === true) return "Query";
  if (marked.isMutation === true) return "Mutation";
  if (marked.isAction === true) return "Action";
  return marked.isHttp === true ? "HttpAction" : null;
}

function parseValidator(
  path: FunctionPath,
  read: (() => string) | undefined,
): ValidatorJson | null {
  if (read === undefined) return null;
  try {
    return JSON.parse(read());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read the validators of ${path.identifier}: ${reason}`, {
      cause: error,
    });
  }
}
