import type { EncodedValue } from "../contract.js";
import { describeMismatch } from "../values/describe-mismatch.js";
import type { ValidatorJson } from "../values/validator.js";
import type { Engine } from "./engine.js";
import { type Execution, runAs } from "./execution.js";
import { describeThrown, FunctionError } from "./function-error.js";
import type { RegisteredFunction } from "./registered-function.js";
import { checkArguments, checkResult } from "./value-limits.js";

/**
 * Runs a function as part of an execution: checks its arguments, calls it, checks what it returns.
 *
 * @param args An object, or an array with one object.
 * @returns JSON text of the encoded value.
 * @throws {FunctionError} If the arguments do not fit, the function throws, or its value does not
 *   fit. Any other error is the server's own.
 */
export async function invokeFunction(
  engine: Engine,
  registered: RegisteredFunction,
  args: EncodedValue,
  execution: Execution,
): Promise<string> {
  const object = Array.isArray(args) && args.length === 1 ? (args[0] ?? null) : args;
  if (typeof object !== "object" || object === null || Array.isArray(object)) {
    throw new FunctionError(
      `Invalid arguments for ${registered.path.identifier}: expected an object`,
    );
  }
  const argsJson = JSON.stringify([object]);
  checkArguments(registered.path.identifier, object, argsJson);
  check(engine, "ArgumentValidationError", registered.args, object);
  // A reload meanwhile must not take away the map of the code that runs.
  const { stackTraces } = engine.code;
  let value: string;
  try {
    value = await runAs(execution, () => registered.invoke(argsJson, execution.call.requestId));
  } catch (thrown) {
    throw execution.fault ?? describeThrown(thrown, stackTraces);
  } finally {
    // A nested mutation that nobody waited for is still part of the transaction.
    if ("transaction" in execution) {
      while (execution.nestedMutation !== null) await execution.nestedMutation;
    }
    execution.isOver = true;
  }
  // The function may have caught what was not its own.
  if (execution.fault !== undefined) throw execution.fault;
  checkResult(registered.path.identifier, value);
  const { returns } = registered;
  if (returns !== null && returns.type !== "any") {
    check(engine, "ReturnsValidationError", returns, JSON.parse(value));
  }
  return value;
}

function check(
  engine: Engine,
  errorName: string,
  validator: ValidatorJson,
  value: EncodedValue,
): void {
  let reason: string | null;
  try {
    reason = describeMismatch(validator, value, (id) => engine.database.tableOfId(id));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    reason = error.message;
  }
  if (reason !== null) throw new FunctionError(`${errorName}: ${reason}`);
}
