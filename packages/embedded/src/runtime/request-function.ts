/** Turns requests from the network into calls, and how they ended into what clients get. */
import type { ActionOutcome, FunctionRequest, MutationOutcome, QueryOutcome } from "../contract.js";
import {
  type CallResult,
  type CallTarget,
  callAction,
  callMutation,
  callQuery,
} from "./call-function.js";
import type { Engine } from "./engine.js";
import { findFunction } from "./find-function.js";
import { FunctionError, toFailure } from "./function-error.js";

export async function requestQuery(
  engine: Engine,
  request: FunctionRequest,
  journal: string | null,
): Promise<QueryOutcome> {
  const result = await callQuery(engine, toTarget(request), journal);
  return {
    ...toOutcome(result, request),
    readSet: result.readSet,
    journal: result.journal,
    ts: result.ts,
    usedIdentity: result.usage.identity,
    usedClock: result.usage.clock,
  };
}

export async function requestMutation(
  engine: Engine,
  request: FunctionRequest,
  session?: { readonly sessionId: string; readonly requestId: number },
): Promise<MutationOutcome> {
  const result = await callMutation(engine, toTarget(request), session);
  if (!result.ok) return toFailure(result.error, request.requestId, result.logLines);
  const { value, logLines, ts } = result;
  return { ok: true, value, logLines, ts };
}

export async function requestAction(
  engine: Engine,
  request: FunctionRequest,
): Promise<ActionOutcome> {
  return toOutcome(await callAction(engine, toTarget(request)), request);
}

/** Runs whatever type the function has. */
export async function requestAny(engine: Engine, request: FunctionRequest): Promise<ActionOutcome> {
  const target = toTarget(request);
  try {
    const { type } = findFunction(engine.code, target.path, target);
    const call = type === "Query" ? callQuery : type === "Mutation" ? callMutation : callAction;
    return toOutcome(await call(engine, target), request);
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    return toFailure(error, request.requestId, []);
  }
}

function toTarget(request: FunctionRequest): CallTarget {
  const { path, args, identity, requestId, client, allowInternal = false } = request;
  return {
    path,
    args,
    allowInternal,
    call: { requestId, identity, ...(client === undefined ? {} : { client }) },
  };
}

function toOutcome(result: CallResult, { requestId }: FunctionRequest): ActionOutcome {
  return result.ok
    ? { ok: true, value: result.value, logLines: result.logLines }
    : toFailure(result.error, requestId, result.logLines);
}
