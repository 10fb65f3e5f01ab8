/** What queries and mutations ask of the server, beside what any function may ask. */
import type { EncodedValue } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import { commonSyscall, type SyscallArgs } from "./common-syscalls.js";
import type { Engine } from "./engine.js";
import { hasEnded, type TransactionExecution } from "./execution.js";
import { addressedPath, findFunction } from "./find-function.js";
import { invokeFunction } from "./invoke-function.js";
import { cancelJob, SCHEDULE_LIMITS, scheduleFunction } from "./schedule-function.js";
import { unsupportedOperation } from "./unsupported.js";

const MAX_DEPTH = 8;

// A query nested in a mutation has the mutation's transaction, but not its rights.
const MUTATION_ONLY = new Set([
  "1.0/insert",
  "1.0/shallowMerge",
  "1.0/replace",
  "1.0/remove",
  "1.0/schedule",
  "1.0/cancel_job",
]);

/** @throws {SyscallError} Or a FunctionError of a nested call; the function may catch both. */
export function transactionSyscall(
  engine: Engine,
  execution: TransactionExecution,
  name: string,
  args: SyscallArgs,
): EncodedValue | Promise<EncodedValue> {
  if (execution.kind === "query" && MUTATION_ONLY.has(name)) {
    throw unsupportedOperation(name, "async operation");
  }
  const { transaction } = execution;
  switch (name) {
    case "1.0/runUdf":
      return runNested(engine, execution, args);
    case "1.0/schedule":
      return scheduleFunction(engine, transaction, execution.call, args, execution.usage);
    case "1.0/cancel_job":
      return cancelJob(engine, transaction, execution.call, args);
    case "1.0/getTransactionMetrics":
      return { ...toObject(transaction.syscall(name, args)), ...scheduleMetrics(execution) };
    default: {
      // Null is an answer: there is no such document.
      let answer = transaction.syscall(name, args);
      if (answer === undefined) answer = commonSyscall(engine, execution, name, args);
      if (answer === undefined) throw unsupportedOperation(name, "async operation");
      return answer;
    }
  }
}

/** A function called within this one's transaction. A nested mutation is undone alone. */
function runNested(
  engine: Engine,
  parent: TransactionExecution,
  args: SyscallArgs,
): Promise<EncodedValue> {
  const kind = args.udfType === "mutation" ? "mutation" : "query";
  if (kind === "mutation" && parent.kind === "query") {
    throw new SyscallError("Cannot call a Mutation function from a Query function");
  }
  if (parent.depth >= MAX_DEPTH) {
    throw new SyscallError(
      "Cross component call depth limit exceeded. Do you have an infinite loop in your app?",
    );
  }
  const registered = findFunction(engine.code, addressedPath(args), {
    allowInternal: true,
    type: kind === "mutation" ? "Mutation" : "Query",
  });
  const nested: TransactionExecution = {
    ...parent,
    kind,
    identifier: registered.path.identifier,
    depth: parent.depth + 1,
    isOver: false,
    parent,
    nestedMutation: null,
  };
  const run = async (): Promise<EncodedValue> =>
    JSON.parse(await invokeFunction(engine, registered, args.args ?? null, nested));
  return kind === "query" ? run() : asNestedMutation(parent, run);
}

function asNestedMutation(
  parent: TransactionExecution,
  run: () => Promise<EncodedValue>,
): Promise<EncodedValue> {
  const { scheduledFunctions, scheduledBytes } = parent.usage;
  const savepoint = parent.transaction.savepoint();
  const result = run()
    .then(
      (value) => {
        if (!hasEnded(parent)) savepoint.release();
        return value;
      },
      (error: unknown) => {
        // Out of time, the whole transaction has been undone already.
        if (!hasEnded(parent)) savepoint.rollback();
        Object.assign(parent.usage, { scheduledFunctions, scheduledBytes });
        throw error;
      },
    )
    .finally(() => {
      parent.nestedMutation = null;
    });
  // What the parent asks meanwhile waits for the end: its own writes must not be undone with these.
  parent.nestedMutation = result.catch(() => {});
  return result;
}

function scheduleMetrics({ usage }: TransactionExecution): SyscallArgs {
  const metric = (used: number, limit: number) => ({ used, remaining: limit - used });
  return {
    functionsScheduled: metric(usage.scheduledFunctions, SCHEDULE_LIMITS.functions),
    scheduledFunctionArgsBytes: metric(usage.scheduledBytes, SCHEDULE_LIMITS.bytes),
  };
}

function toObject(value: EncodedValue | undefined): SyscallArgs {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
