/** What the routes of the HTTP API do. Which request goes to which is api-handler.ts. */
import type { Calls } from "../calls.js";
import type { Database, EncodedValue, Identity, QueryOutcome } from "../contract.js";
import { decodeTimestamp, encodeTimestamp } from "../sync/timestamp.js";
import { outcomeJson, parseFormat } from "./answer.js";
import { HttpError } from "./http-error.js";
import { requireAdmin } from "./identify.js";

export interface ApiContext {
  readonly calls: Calls;
  readonly database: Database;
}

/** A request, with its body parsed. */
export interface ApiRequest {
  readonly identity: Identity;
  readonly body: { readonly [field: string]: unknown };
}

/** Gives the JSON of the answer, or null for an empty one. */
export type ApiRoute = (context: ApiContext, request: ApiRequest) => Promise<string | null>;

export const API_ROUTES: { readonly [path: string]: ApiRoute } = {
  "/api/query": runQuery,
  "/api/mutation": async ({ calls }, { identity, body }) => {
    const { call, format } = parseCall(body, identity);
    return outcomeJson(await calls.mutation(call), format);
  },
  "/api/action": async ({ calls }, { identity, body }) => {
    const { call, format } = parseCall(body, identity);
    return outcomeJson(await calls.action(call), format);
  },
  "/api/function": async ({ calls }, { identity, body }) => {
    requireAdmin(identity);
    if ((body.componentPath ?? "") !== "") {
      throw notSupported("Calling a component's function");
    }
    const { call, format } = parseCall(body, identity);
    return outcomeJson(await calls.any(call), format);
  },
  "/api/query_ts": async ({ database }) =>
    JSON.stringify({ ts: encodeTimestamp(database.latestTs) }),
  "/api/query_at_ts": runQueryAt,
  "/api/query_batch": runQueryBatch,
  "/api/update_environment_variables": updateEnvironmentVariables,
};

/** Says by name what this server cannot do, with a status that the CLI does not retry. */
export function notSupported(what: string): HttpError {
  return new HttpError(400, "NotSupported", `${what} is not supported by the embedded server yet`);
}

async function runQuery({ calls }: ApiContext, { identity, body }: ApiRequest): Promise<string> {
  const { call, format } = parseCall(body, identity);
  return outcomeJson(await calls.query(call, null), format);
}

/** Only the newest moment can be read: older ones are not kept. */
async function runQueryAt(
  { calls, database }: ApiContext,
  { identity, body }: ApiRequest,
): Promise<string> {
  const { call, format } = parseCall(body, identity);
  const ts = typeof body.ts === "string" ? decodeTimestamp(body.ts) : null;
  if (ts === null) throw new HttpError(400, "BadTimestamp", `Field "ts" must be a timestamp`);
  const outcome = ts === database.latestTs ? await calls.query(call, null) : null;
  if (outcome?.ts !== ts) throw notSupported("Reading a moment before the newest commit");
  return outcomeJson(outcome, format);
}

// A commit between two queries of a batch means to start again; a quiet moment is never far.
const MAX_BATCH_ATTEMPTS = 10;

async function runQueryBatch(
  { calls }: ApiContext,
  { identity, body }: ApiRequest,
): Promise<string> {
  if (!Array.isArray(body.queries)) {
    throw new HttpError(400, "BadJsonBody", `Field "queries" must be an array`);
  }
  const queries = body.queries.map((query: unknown) => {
    if (typeof query !== "object" || query === null) {
      throw new HttpError(400, "BadJsonBody", `Each of "queries" must be an object`);
    }
    return parseCall({ ...query }, identity);
  });
  for (let attempt = 0; attempt < MAX_BATCH_ATTEMPTS; attempt += 1) {
    const outcomes: QueryOutcome[] = await Promise.all(
      queries.map(({ call }) => calls.query(call, null)),
    );
    if (outcomes.some((outcome) => outcome.ts !== outcomes[0]?.ts)) continue;
    const results = outcomes.map((outcome, index) =>
      outcomeJson(outcome, queries[index]?.format ?? "clean"),
    );
    return `{"results":[${results.join(",")}]}`;
  }
  throw new HttpError(
    503,
    "OptimisticConcurrencyControlFailure",
    "Data changed while the queries ran; try again",
  );
}

async function updateEnvironmentVariables(
  { database }: ApiContext,
  { identity, body }: ApiRequest,
): Promise<null> {
  requireAdmin(identity);
  if (!Array.isArray(body.changes)) {
    throw new HttpError(400, "BadJsonBody", `Field "changes" must be an array`);
  }
  const changes = new Map<string, string | null>();
  for (const change of body.changes as unknown[]) {
    const { name, value } = (change ?? {}) as { readonly name?: unknown; readonly value?: unknown };
    if (typeof name !== "string") {
      throw new HttpError(400, "BadJsonBody", `Each of "changes" must have a name`);
    }
    if (value !== null && typeof value !== "string") {
      throw new HttpError(400, "BadJsonBody", `Cannot set "${name}": its value must be a string`);
    }
    changes.set(name, value);
  }
  try {
    database.setEnvironmentVariables(changes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new HttpError(400, "EnvironmentVariableInvalid", error.message);
  }
  return null;
}

/** Reads `{path, args, format}`. @throws {HttpError} 400 if it is not a call. */
export function parseCall(body: { readonly [field: string]: unknown }, identity: Identity) {
  const { path, args = {} } = body;
  if (typeof path !== "string" || !/^[^\s:][^\s:]*(:[^\s:]+)?$/.test(path)) {
    throw new HttpError(
      400,
      "BadConvexFunctionIdentifier",
      `${JSON.stringify(path)} is not a path to a function: expected "module:function"`,
    );
  }
  if (typeof args !== "object" || args === null) {
    throw new HttpError(400, "BadJsonBody", `Field "args" must be an object`);
  }
  return {
    call: { path, args: args as EncodedValue, identity },
    format: parseFormat(body.format),
  };
}
