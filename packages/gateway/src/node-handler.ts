import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./answer.js";
import type { Hub } from "./hub.js";
import { NodeClient } from "./node-client.js";
import type { Outcome, Request } from "./router.js";

/** Handles a request of Node's http server; Express hands it `next` too. */
export type NodeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

const CLIENT = Symbol("client");

type Carrier = ServerResponse & { [CLIENT]?: NodeClient };

/** Gives a handler over a router and the streams that it opens. */
export function createNodeHandler(
  route: (request: Request) => Outcome | Promise<Outcome>,
  hub: Hub,
  hasRoom: () => boolean,
  maxBehindBytes: number,
): NodeHandler {
  // One function for all responses; what it needs is on the response.
  const onClose = function (this: Carrier) {
    const client = this[CLIENT];
    if (client !== undefined) hub.remove(client);
  };

  const deliver = (
    outcome: Outcome,
    request: IncomingMessage,
    response: ServerResponse,
    next?: () => void,
  ) => {
    if (outcome.kind === "elsewhere" && next !== undefined) next();
    else if (outcome.kind !== "stream") send(request, response, outcome.answer);
    else if (request.method === "HEAD")
      send(request, response, { ...outcome, status: 200, body: "" });
    else {
      const join = () => {
        const client = new NodeClient(outcome.join(), response, maxBehindBytes);
        (response as Carrier)[CLIENT] = client;
        response.once("close", onClose);
        hub.add(client);
      };
      const { headers } = outcome;
      const probeMs = probeMsOf(request);
      if (probeMs > 0) {
        const probed = { ...headers, "Tideline-Probe": `${probeMs}` };
        response.writeHead(200, forVersion(request, probed));
        response.flushHeaders();
        const timer = setTimeout(() => {
          // It was not counted meanwhile: the gateway may be full now, or about to end.
          if (hasRoom()) join();
          else response.end();
        }, probeMs);
        response.once("close", () => clearTimeout(timer));
        return;
      }
      // Head, retry time and message leave as one packet.
      const { socket } = response;
      socket?.cork();
      response.writeHead(200, forVersion(request, headers));
      response.flushHeaders();
      join();
      socket?.uncork();
    }
  };

  return (request, response, next) => {
    const { method = "GET", url = "/" } = request;
    const header = (name: string) => headerOf(request, name);
    const outcome = route({ method, url, header });
    if (!(outcome instanceof Promise)) return deliver(outcome, request, response, next);
    outcome.then(
      (late) => {
        // Nobody waits any more.
        if (!response.destroyed) deliver(late, request, response, next);
      },
      (error) => (next === undefined ? response.destroy(error) : next(error)),
    );
  };
}

const MAX_PROBE_MS = 1000;

/**
 * How long after the head the first message is to come, for whoever looks for a proxy that keeps
 * the head until there is more (`Tideline-Probe: 300`); 0 for everybody else.
 */
function probeMsOf(request: IncomingMessage): number {
  const probeMs = Number(headerOf(request, "tideline-probe"));
  return probeMs > 0 ? Math.min(probeMs, MAX_PROBE_MS) : 0;
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Answer,
): void {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  const hasLength = length > 0 || !/^(2|304)/.test(`${status}`);
  response.writeHead(status, {
    ...forVersion(request, headers),
    ...(hasLength && { "Content-Length": length }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** HTTP/2 has no header for the connection (RFC 9113 8.2.2). */
function forVersion(request: IncomingMessage, headers: Answer["headers"]): Answer["headers"] {
  if (request.httpVersionMajor < 2 || headers.Connection === undefined) return headers;
  const { Connection: _, ...others } = headers;
  return others;
}

/** Reads a header without the table that Node makes, and keeps, when it is asked for one. */
function headerOf({ rawHeaders }: IncomingMessage, name: string): string | undefined {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) return rawHeaders[index + 1];
  }
  return undefined;
}
