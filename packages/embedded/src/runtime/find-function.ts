import type { EncodedValue, FunctionType } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import { FunctionError } from "./function-error.js";
import { parseFunctionPath } from "./function-path.js";
import type { LoadedCode } from "./load-code.js";
import type { RegisteredFunction } from "./registered-function.js";

const HANDLE_PREFIX = "function://";

/**
 * The function that a client or a nested call names.
 *
 * @param options.allowInternal True for nested calls, the scheduler and the admin.
 * @param options.type The type it has to be of. @default Any but HTTP actions
 * @throws {FunctionError} If there is none that may be called, in one text for "missing" and
 *   "internal", so that a client cannot learn what internal functions there are.
 */
export function findFunction(
  code: LoadedCode,
  path: string,
  options: { readonly allowInternal: boolean; readonly type?: FunctionType },
): RegisteredFunction {
  const { identifier, display } = parseFunctionPath(path);
  const found = code.functions.get(identifier);
  const isCallable =
    found !== undefined &&
    found.type !== "HttpAction" &&
    (options.allowInternal || found.visibility === "public");
  if (!isCallable) {
    throw new FunctionError(
      options.allowInternal
        ? `Could not find function for '${display}'. Did you forget to run \`npx convex dev\`?`
        : `Could not find public function for '${display}'. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`,
    );
  }
  if (options.type !== undefined && found.type !== options.type) {
    throw new FunctionError(
      `Trying to execute ${identifier} as ${options.type}, but it is defined as ${found.type}.`,
    );
  }
  return found;
}

/**
 * The path in a system call's address: `name`, or a handle made by `createFunctionHandle`.
 *
 * @throws {SyscallError} For a reference into a component.
 */
export function addressedPath(args: { readonly [name: string]: EncodedValue }): string {
  const { name, functionHandle } = args;
  if (typeof name === "string") return name;
  if (typeof functionHandle === "string" && functionHandle.startsWith(HANDLE_PREFIX)) {
    return functionHandle.slice(HANDLE_PREFIX.length);
  }
  throw new SyscallError("components are not supported by the embedded server yet");
}

/** What `createFunctionHandle` gives: a name for the function that can be stored and passed on. */
export function functionHandle(found: RegisteredFunction): string {
  return `${HANDLE_PREFIX}${found.path.identifier}`;
}
