import type { EncodedValue, FunctionFailure } from "../contract.js";
import type { StackTraces } from "./stack-traces.js";

/**
 * A call that failed by the function's or the caller's doing. The message is what a client gets
 * after the line with the request id. Anything else that is thrown is the server's own fault.
 */
export class FunctionError extends Error {
  override name = "FunctionError";
  /** Encoded data, if a ConvexError was thrown. Read by `convex/server` when the call was nested. */
  readonly data?: EncodedValue;

  constructor(message: string, data?: EncodedValue) {
    super(message);
    if (data !== undefined) this.data = data;
  }
}

/** Turns whatever a function threw into what its caller is told, with the stack in its sources. */
export function describeThrown(thrown: unknown, stackTraces: StackTraces): FunctionError {
  if (thrown instanceof FunctionError) return thrown;
  const message = `Uncaught ${headline(thrown)}\n${stackTraces.describe(thrown)}`;
  return new FunctionError(message, convexErrorData(thrown));
}

/** The outcome that a client gets. */
export function toFailure(
  error: FunctionError,
  requestId: string,
  logLines: readonly string[],
): FunctionFailure {
  return {
    ok: false,
    errorMessage: `[Request ID: ${requestId}] Server Error\n${error.message}`,
    logLines,
    ...(error.data === undefined ? {} : { errorData: error.data }),
  };
}

function headline(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.message === "" ? thrown.name : `${thrown.name}: ${thrown.message}`;
}

/** `convex/server` has written the data as JSON text into the error by the time we see it. */
function convexErrorData(thrown: unknown): EncodedValue | undefined {
  if (typeof thrown !== "object" || thrown === null || !("ConvexErrorSymbol" in thrown)) {
    return undefined;
  }
  const data = "data" in thrown ? thrown.data : undefined;
  return typeof data === "string" ? JSON.parse(data) : undefined;
}
