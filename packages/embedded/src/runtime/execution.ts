/**
 * Who is running right now. Every bundled module shares one `Convex` global and one set of shadowed
 * globals, so those find the function that called them through asynchronous context.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Identity } from "../contract.js";
import type { SystemTransaction } from "../data/embedded-database.js";
import { LogLines } from "./log-lines.js";

/** What a request carries into every function that it leads to. */
export interface Call {
  readonly requestId: string;
  readonly identity: Identity;
  readonly client?: { readonly ip?: string; readonly userAgent?: string };
  /** The job that is being run, if the scheduler called. */
  readonly jobId?: string;
  /** True if the job is a mutation, which cannot cancel itself. */
  readonly isJobMutation?: boolean;
}

/** What an outermost query or mutation and those nested in it add up. */
export interface Usage {
  identity: boolean;
  clock: boolean;
  scheduledFunctions: number;
  scheduledBytes: number;
}

interface ExecutionBase {
  readonly call: Call;
  /** `module.js:function`, or the route of an HTTP action. */
  readonly identifier: string;
  readonly logLines: LogLines;
  /** 0 for what a client called. */
  readonly depth: number;
  /** Set when the function has answered; what it left running gets no more answers. */
  isOver: boolean;
  /** A failure of the server itself that the function met, even if it caught it. */
  fault?: Error;
}

/** A query or mutation, outermost or nested. */
export interface TransactionExecution extends ExecutionBase {
  readonly kind: "query" | "mutation";
  readonly transaction: SystemTransaction;
  /** ms since epoch; the clock that the function sees stands still here. */
  readonly startedAt: number;
  readonly usage: Usage;
  /** The execution whose transaction this one takes part in; null for an outermost one. */
  readonly parent: TransactionExecution | null;
  /** The nested mutation that runs now; what the function asks meanwhile waits for its end. */
  nestedMutation: Promise<unknown> | null;
}

/** An action or an HTTP action. */
export interface ActionExecution extends ExecutionBase {
  readonly kind: "action";
}

/** The top level of modules, which runs once at every load. */
export interface LoadExecution extends ExecutionBase {
  readonly kind: "load";
  readonly startedAt: number;
}

export type Execution = TransactionExecution | ActionExecution | LoadExecution;

/** True once the execution, or one that it is nested in, has answered. */
export function hasEnded(execution: Execution): boolean {
  if (execution.isOver) return true;
  return "parent" in execution && execution.parent !== null && hasEnded(execution.parent);
}

const storage = new AsyncLocalStorage<Execution>();

/** Runs `body` so that it, and all that it leads to, belongs to the execution. */
export function runAs<Result>(execution: Execution, body: () => Result): Result {
  return storage.run(execution, body);
}

/** The execution that the running code belongs to; undefined for the server's own code. */
export function currentExecution(): Execution | undefined {
  return storage.getStore();
}

/** What an outermost query or mutation begins with. */
export function newUsage(): Usage {
  return { identity: false, clock: false, scheduledFunctions: 0, scheduledBytes: 0 };
}

/** @param startedAt What the clock shows while modules load, ms since epoch. */
export function newLoadExecution(startedAt: number): LoadExecution {
  return {
    kind: "load",
    call: { requestId: "", identity: { kind: "none" } },
    identifier: "",
    logLines: new LogLines(),
    depth: 0,
    isOver: false,
    startedAt,
  };
}
