/** What actions and HTTP actions ask of the server, beside what any function may ask. */
import type { EncodedValue } from "../contract.js";
import {
  type CallResult,
  type CallTarget,
  callAction,
  callMutation,
  callQuery,
} from "./call-function.js";
import { changeRows } from "./change-rows.js";
import { commonSyscall, type SyscallArgs } from "./common-syscalls.js";
import { type Engine, logFor } from "./engine.js";
import type { Execution } from "./execution.js";
import { addressedPath } from "./find-function.js";
import { cancelJob, scheduleFunction } from "./schedule-function.js";
import { unsupportedOperation } from "./unsupported.js";

/** @throws {SyscallError} Or a FunctionError of a call; the function may catch both. */
export async function actionSyscall(
  engine: Engine,
  execution: Execution,
  name: string,
  args: SyscallArgs,
): Promise<EncodedValue> {
  const { call } = execution;
  switch (name) {
    case "1.0/actions/query":
    case "1.0/actions/mutation":
    case "1.0/actions/action":
      return runFromAction(engine, execution, name, args);
    case "1.0/actions/schedule":
      return changeRows(engine, (transaction) => scheduleFunction(engine, transaction, call, args));
    case "1.0/actions/cancel_job":
      return changeRows(engine, (transaction) => cancelJob(engine, transaction, call, args));
    default: {
      const answer = commonSyscall(engine, execution, name, args);
      if (answer === undefined) throw unsupportedOperation(name, "async operation");
      return answer;
    }
  }
}

const CALLS = {
  "1.0/actions/query": async (engine: Engine, target: CallTarget) =>
    (await callQuery(engine, target)).result,
  "1.0/actions/mutation": (engine: Engine, target: CallTarget) => callMutation(engine, target),
  "1.0/actions/action": callAction,
};

/** Each call is a transaction of its own, with the action's caller as its caller. */
async function runFromAction(
  engine: Engine,
  { call }: Execution,
  name: keyof typeof CALLS,
  args: SyscallArgs,
): Promise<EncodedValue> {
  const path = addressedPath(args);
  const result: CallResult = await CALLS[name](engine, {
    path,
    args: args.args ?? null,
    call,
    allowInternal: true,
  });
  logFor(engine, path, result.logLines);
  if (!result.ok) throw result.error;
  return JSON.parse(result.value);
}
