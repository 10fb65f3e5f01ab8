import { randomBytes } from "node:crypto";
import type { Identity } from "../contract.js";
import { type Engine, logFor } from "./engine.js";
import { type ActionExecution, runAs } from "./execution.js";
import { describeThrown, type FunctionError } from "./function-error.js";
import type { HttpHandler } from "./http-router.js";
import { LogLines } from "./log-lines.js";

const MAX_RESPONSE_BYTES = 20 * 1024 * 1024;
const TOO_LARGE = "HttpResponseTooLarge: HTTP actions support responses up to 20 MiB";

/**
 * Routes a request through `http.ts` and runs its handler.
 *
 * The answer may still be streaming when this resolves. Never rejects: an uncaught error is a 500
 * with the error in its body.
 */
export async function runHttpAction(
  engine: Engine,
  request: Request,
  identity: Identity,
): Promise<Response> {
  const { router } = engine.code;
  if (router === null) {
    return new Response("This Convex deployment does not have HTTP actions enabled.", {
      status: 404,
    });
  }
  const { pathname } = new URL(request.url);
  const match = router.lookup(pathname, request.method);
  if (match === null) return new Response("No matching routes found", { status: 404 });
  const [handler, method, route] = match;
  const response = await callHandler(engine, handler, request, identity, `${method} ${route}`);
  if (request.method !== "HEAD") return response;
  await response.body?.cancel();
  return new Response(null, response);
}

async function callHandler(
  engine: Engine,
  handler: HttpHandler,
  request: Request,
  identity: Identity,
  identifier: string,
): Promise<Response> {
  const requestId = randomBytes(8).toString("hex");
  const logLines = new LogLines();
  const userAgent = request.headers.get("user-agent");
  const execution: ActionExecution = {
    kind: "action",
    call: { requestId, identity, client: userAgent === null ? {} : { userAgent } },
    identifier,
    logLines,
    depth: 0,
    isOver: false,
  };
  const { stackTraces } = engine.code;
  try {
    // A handler knows GET alone; the body is dropped from its answer.
    const asGet = request.method === "HEAD" ? new Request(request, { method: "GET" }) : request;
    const response = await runAs(execution, () => handler.invokeHttpAction(asGet));
    if (response instanceof Response) return limited(response);
    throw new TypeError("The HTTP action did not return a Response");
  } catch (thrown) {
    const error = describeThrown(thrown, stackTraces);
    logLines.add("ERROR", [thrown]);
    return errorResponse(error, requestId);
  } finally {
    logFor(engine, identifier, logLines.lines);
  }
}

/** The same answer, whose body breaks off where the cloud's would. */
function limited(response: Response): Response {
  if (response.body === null) return response;
  let bytes = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes <= MAX_RESPONSE_BYTES) controller.enqueue(chunk);
      else controller.error(new RangeError(TOO_LARGE));
    },
  });
  return new Response(response.body.pipeThrough(count), response);
}

function errorResponse({ message, data }: FunctionError, requestId: string): Response {
  const [headline = ""] = message.split("\n");
  const body = {
    code: `[Request ID: ${requestId}] Server Error: ${headline}`,
    trace: message,
    ...(data === undefined ? {} : { data }),
  };
  return Response.json(body, { status: 500 });
}
