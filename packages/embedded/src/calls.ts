/**
 * Every call of a function, from the socket and from HTTP, goes through here: the CLI's system
 * queries are answered, internal functions are opened to the admin, and what failed is logged.
 */
import { createHash, randomBytes } from "node:crypto";
import type {
  ActionOutcome,
  EncodedValue,
  FunctionFailure,
  FunctionRequest,
  Identity,
  MutationOutcome,
  QueryOutcome,
  Runtime,
} from "./contract.js";
import { type Log, printable } from "./log.js";
import type { SystemQueries } from "./system/system-queries.js";

export interface Call {
  readonly path: string;
  /** An object, or an array with one object. */
  readonly args: EncodedValue;
  readonly identity: Identity;
}

export interface Calls {
  query(call: Call, journal: string | null): Promise<QueryOutcome>;
  mutation(
    call: Call,
    session?: { readonly sessionId: string; readonly requestId: number },
  ): Promise<MutationOutcome>;
  action(
    call: Call,
    session?: { readonly sessionId: string; readonly requestId: number },
  ): Promise<ActionOutcome>;
  /** Runs the function as whatever it is. */
  any(call: Call): Promise<ActionOutcome>;
}

/** Joins the runtime, the system queries and the log into one door. */
export function createCalls(runtime: Runtime, system: SystemQueries, log: Log): Calls {
  return {
    query(call, journal) {
      log.verbose(`query ${printable(call.path)}`);
      const answer = system.run(call);
      if (answer !== null) return Promise.resolve(answer);
      return runtime.runQuery(toRequest(call, randomRequestId()), { journal });
    },
    async mutation(call, session) {
      log.verbose(`mutation ${printable(call.path)}`);
      const requestId = session === undefined ? randomRequestId() : sessionRequestId(session);
      const options = session === undefined ? {} : { session };
      const outcome = await runtime.runMutation(toRequest(call, requestId), options);
      if (!outcome.ok) {
        log.line(`Mutation "${printable(call.path)}" failed: ${firstSentence(outcome)}`);
      }
      return outcome;
    },
    action(call, session) {
      log.verbose(`action ${printable(call.path)}`);
      const requestId = session === undefined ? randomRequestId() : sessionRequestId(session);
      return runtime.runAction(toRequest(call, requestId));
    },
    any(call) {
      log.verbose(`call ${printable(call.path)}`);
      const answer = system.run(call);
      if (answer !== null) return Promise.resolve(answer);
      return runtime.runAny(toRequest(call, randomRequestId()));
    },
  };
}

function toRequest(call: Call, requestId: string): FunctionRequest {
  return { ...call, requestId, allowInternal: call.identity.kind === "admin" };
}

function randomRequestId(): string {
  return randomBytes(8).toString("hex");
}

/** A resent request keeps its id, so the lines that it left can be found again. */
function sessionRequestId(session: { sessionId: string; requestId: number }): string {
  const text = `${session.sessionId}|${session.requestId}`;
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** The line that says what went wrong, without the request id above it and the stack below. */
function firstSentence(failure: FunctionFailure): string {
  const lines = failure.errorMessage.split("\n");
  const line = lines[0]?.startsWith("[Request ID") ? (lines[1] ?? lines[0]) : lines[0];
  return printable(line ?? "");
}
