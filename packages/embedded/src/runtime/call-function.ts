/**
 * The three ways to call a function from outside any transaction: by a client, an action or the
 * scheduler. Nested calls inside a transaction are in transaction-syscalls.ts.
 */
import type { EncodedValue, FunctionType, ReadSet, Timestamp } from "../contract.js";
import type { SystemTransaction } from "../data/embedded-database.js";
import type { Engine } from "./engine.js";
import { type Call, newUsage, type TransactionExecution, type Usage } from "./execution.js";
import { findFunction } from "./find-function.js";
import { FunctionError } from "./function-error.js";
import { invokeFunction } from "./invoke-function.js";
import { LogLines } from "./log-lines.js";
import type { RegisteredFunction } from "./registered-function.js";

/** How a call ended: with JSON text of the encoded value, or with what to tell the caller. */
export type CallResult = { readonly logLines: readonly string[] } & (
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly error: FunctionError }
);

export type MutationCallResult = { readonly logLines: readonly string[] } & (
  | { readonly ok: true; readonly value: string; readonly ts: Timestamp }
  | { readonly ok: false; readonly error: FunctionError }
);

export interface QueryCallResult {
  readonly result: CallResult;
  readonly readSet: ReadSet;
  readonly journal: string | null;
  readonly ts: Timestamp;
  readonly usage: Usage;
}

/** What to call, for whom. */
export interface CallTarget {
  /** `module:function` */
  readonly path: string;
  /** An object, or an array with one object. */
  readonly args: EncodedValue;
  readonly call: Call;
  /** True for calls by functions, the scheduler and the admin. */
  readonly allowInternal: boolean;
}

const MAX_QUERY_RUNS = 8;
const TIME_LIMIT_MS = 1_000;

/**
 * Runs a query on the latest commit. A query that waits for anything but the database may be
 * overtaken by a commit and is then run again, so that its reads are always of one moment.
 *
 * @throws {Error} If that happens eight times in a row, or by the server's own fault.
 */
export async function callQuery(
  engine: Engine,
  target: CallTarget,
  journal: string | null = null,
): Promise<QueryCallResult> {
  for (let run = 1; run <= MAX_QUERY_RUNS; run += 1) {
    const transaction = engine.database.beginQuery({ journal });
    const logLines = new LogLines();
    const usage = newUsage();
    try {
      const result = await settle(logLines, () => {
        const registered = find(engine, target, "Query");
        const { call, args } = target;
        const base = { call, logLines, transaction, usage };
        const execution = newExecution(engine, registered, "query", base);
        return inTime(engine, execution, () => invokeFunction(engine, registered, args, execution));
      });
      if (transaction.isOvertaken()) continue;
      const { readSet, journal, snapshotTs } = transaction;
      return { result, readSet, journal, ts: snapshotTs, usage };
    } finally {
      transaction.close();
    }
  }
  throw new Error(
    `Cannot run ${target.path}: the database changed during each of ${MAX_QUERY_RUNS} runs`,
  );
}

/**
 * Runs a mutation after all earlier ones; its writes are on disk when this resolves.
 *
 * @param session As in `Database.mutate`.
 */
export async function callMutation(
  engine: Engine,
  target: CallTarget,
  session?: { readonly sessionId: string; readonly requestId: number },
): Promise<MutationCallResult> {
  let logLines = new LogLines();
  try {
    const registered = find(engine, target, "Mutation");
    const done = await engine.database.mutate(
      session === undefined ? {} : { session },
      async (transaction) => {
        // Begun again by the database, it starts from nothing.
        logLines = new LogLines();
        const value = await runMutation(engine, registered, target, transaction, logLines);
        return { value, logLines: logLines.lines };
      },
    );
    return { ok: true, value: done.value, logLines: done.logLines, ts: done.ts };
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    return { ok: false, error, logLines: logLines.lines };
  }
}

/**
 * A mutation's part of a transaction that the caller has begun.
 *
 * @throws {FunctionError} By the function's doing; the caller undoes the writes.
 */
export async function runMutation(
  engine: Engine,
  registered: RegisteredFunction,
  { call, args }: Pick<CallTarget, "call" | "args">,
  transaction: SystemTransaction,
  logLines: LogLines,
): Promise<string> {
  const base = { call, logLines, transaction, usage: newUsage() };
  const execution = newExecution(engine, registered, "mutation", base);
  return inTime(engine, execution, () => invokeFunction(engine, registered, args, execution));
}

/** Runs an action, which has no transaction of its own. */
export async function callAction(engine: Engine, target: CallTarget): Promise<CallResult> {
  const logLines = new LogLines();
  return settle(logLines, () => {
    const registered = find(engine, target, "Action");
    return invokeFunction(engine, registered, target.args, {
      kind: "action",
      call: target.call,
      identifier: registered.path.identifier,
      logLines,
      depth: 0,
      isOver: false,
    });
  });
}

function find(
  engine: Engine,
  { path, allowInternal }: CallTarget,
  type: FunctionType,
): RegisteredFunction {
  return findFunction(engine.code, path, { allowInternal, type });
}

/** Tells failures that are for the caller from the server's own, which stay thrown. */
async function settle(logLines: LogLines, run: () => Promise<string>): Promise<CallResult> {
  try {
    return { ok: true, value: await run(), logLines: logLines.lines };
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    return { ok: false, error, logLines: logLines.lines };
  }
}

/**
 * Ends an execution that waits for more than a second, for example on a promise that nothing
 * resolves; in a mutation that would hold up all others. A function that computes without a pause
 * cannot be interrupted, only noticed.
 */
function inTime(
  engine: Engine,
  execution: TransactionExecution,
  run: () => Promise<string>,
): Promise<string> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer);
      const seconds = (performance.now() - startedAt) / 1_000;
      if (seconds > TIME_LIMIT_MS / 1_000) {
        engine.log(
          `${execution.identifier} took ${seconds.toFixed(1)} s; the limit of queries and mutations is 1 s`,
        );
      }
    };
    const timer = setTimeout(() => {
      execution.isOver = true;
      reject(new FunctionError("Function execution timed out (maximum duration: 1s)"));
    }, TIME_LIMIT_MS);
    run().then(
      (value) => {
        finish();
        resolve(value);
      },
      (error: unknown) => {
        finish();
        reject(error);
      },
    );
  });
}

function newExecution(
  engine: Engine,
  registered: RegisteredFunction,
  kind: "query" | "mutation",
  base: Pick<TransactionExecution, "call" | "logLines" | "transaction" | "usage">,
): TransactionExecution {
  // Field by field: on this path a spread is what costs most.
  return {
    kind,
    call: base.call,
    identifier: registered.path.identifier,
    logLines: base.logLines,
    depth: 0,
    isOver: false,
    transaction: base.transaction,
    startedAt: engine.now(),
    usage: base.usage,
    parent: null,
    nestedMutation: null,
  };
}
