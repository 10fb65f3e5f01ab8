/** Turns requests from the network into calls, and how they ended into what clients get. */
import type {
  ActionOutcome,
  FunctionRequest,
  FunctionType,
  MutationOutcome,
  QueryOutcome,
} from "../contract.js";
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

/** @throws {Error} Here and below by the server's own fault alone; a function's is an outcome. */
export async function requestQuery(
  engine: Engine,
  request: FunctionRequest,
  journal: string | null,
): Promise<QueryOutcome> {
  const {
    result,
    readSet,
    journal: nextJournal,
    ts,
    usage,
  } = await callQuery(engine, toTarget(request), journal);
  const details = {
    readSet,
    journal: nextJournal,
    ts,
    usedIdentity: usage.identity,
    usedClock: usage.clock,
  };
  return Object.assign(details, toOutcome(result, request));
}

/** @param session As in `Database.mutate`. */
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

/** The outcome of an action, when it has ended. */
export async function requestAction(
  engine: Engine,
  request: FunctionRequest,
): Promise<ActionOutcome> {
  return toOutcome(await callAction(engine, toTarget(request)), request);
}

/** Runs whatever type the function has. */
export async function requestAny(engine: Engine, request: FunctionRequest): Promise<ActionOutcome> {
  let type: FunctionType;
  try {
    const target = toTarget(request);
    type = findFunction(engine.code, target.path, target).type;
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    return toFailure(error, request.requestId, []);
  }
  if (type === "Query") return requestQuery(engine, request, null);
  return type === "Mutation" ? requestMutation(engine, request) : requestAction(engine, request);
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
