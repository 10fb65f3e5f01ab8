/** The site port: hands a request to the app's `http.ts` and streams the answer out. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { Identity, Runtime } from "../contract.js";
import type { Log } from "../log.js";
import type { AdminKey } from "./admin-key.js";
import { sendError } from "./answer.js";
import { discardRest } from "./discard-rest.js";
import { HttpError } from "./http-error.js";

const MAX_RESPONSE_BYTES = 20 * 1_048_576;

/**
 * Makes the handler of HTTP actions; it never rejects.
 *
 * @returns Takes the path that the app sees, with its query.
 */
export function createHttpActionHandler(
  runtime: Runtime,
  adminKey: AdminKey,
  log: Log,
): (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void> {
  return async (request, response, path) => {
    try {
      const answer = await runtime.runHttpAction(
        toRequest(request, response, path),
        identityOf(request, adminKey),
      );
      await send(answer, request, response);
      discardRest(request);
    } catch (error) {
      if (error instanceof HttpError) {
        sendError(response, error);
        return;
      }
      // A client that left in the middle is no news.
      if (response.destroyed) return;
      log.line(`HTTP action ${request.method} ${path.split("?")[0]} failed: ${error}`);
      sendError(response, error);
    }
  };
}

function toRequest(request: IncomingMessage, response: ServerResponse, path: string): Request {
  const scheme = request.headers["x-forwarded-proto"] === "https" ? "https" : "http";
  const url = `${scheme}://${request.headers.host ?? "localhost"}${path}`;
  const headers = new Headers();
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    headers.append(request.rawHeaders[index] ?? "", request.rawHeaders[index + 1] ?? "");
  }
  const left = new AbortController();
  response.once("close", () => left.abort());
  const method = request.method ?? "GET";
  const hasBody = method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
  const init: RequestInit = { method, headers, signal: left.signal };
  // The body streams in; `duplex` is required for that (Fetch 5.3) and not in every set of types.
  if (hasBody) Object.assign(init, { body: Readable.toWeb(request), duplex: "half" });
  try {
    return new Request(url, init);
  } catch (error) {
    // A host that is none, or a method that `fetch` does not know.
    throw new HttpError(400, "BadRequest", `Cannot read the request: ${error}`);
  }
}

/** A header that does not verify is the app's own affair, so it is not refused here. */
function identityOf(request: IncomingMessage, adminKey: AdminKey): Identity {
  const shown = /^Convex\s+(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  return (shown === undefined ? null : adminKey.identify(shown)) ?? { kind: "none" };
}

async function send(
  answer: Response,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.statusCode = answer.status;
  if (answer.statusText !== "") response.statusMessage = answer.statusText;
  for (const [name, value] of answer.headers) {
    if (name !== "set-cookie") response.setHeader(name, value);
  }
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader("set-cookie", cookies);
  if (answer.body === null || request.method === "HEAD") {
    await answer.body?.cancel();
    response.end();
    return;
  }
  // The head goes first, so that a stream of events is open before its first event.
  response.flushHeaders();
  await pipeline(Readable.fromWeb(answer.body as ReadableStream), limitBytes, response);
}

async function* limitBytes(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > MAX_RESPONSE_BYTES) {
      throw new RangeError("HttpResponseTooLarge: HTTP actions support responses up to 20 MiB");
    }
    yield chunk;
  }
}
