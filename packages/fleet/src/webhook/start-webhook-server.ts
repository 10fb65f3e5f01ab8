/** The machine's own receiver: `POST /webhook/<subsystem>` and `GET /health`. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { guardConnections } from "./connection-guard.js";
import type { DeliveryLog } from "./delivery-log.js";
import { describePortOwner } from "./port-owner.js";
import { createRateLimit } from "./rate-limit.js";
import { createBodyReader } from "./read-body.js";
import {
  MAX_BODY_BYTES,
  receiveWebhook,
  refuse,
  type WebhookAnswer,
  type WebhookDesk,
} from "./receive-webhook.js";

// A handful of repositories deliver here; more at once is somebody who does not mean well.
const MAX_CONNECTIONS = 256;
const MAX_HELD_BYTES = 16 * MAX_BODY_BYTES;
const MAX_HEADER_BYTES = 16 * 1024;
// GitHub itself hangs up after 10 s.
const REQUEST_WITHIN_MS = 10_000;
const LIMIT = { limit: 30, windowMs: 60_000 };

/** What the receiver is given. */
export interface WebhookServerOptions extends Pick<WebhookDesk, "upstreams" | "secrets" | "wake"> {
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  readonly deliveries: DeliveryLog;
  /** ms of a clock that does not go back. @default performance.now */
  readonly monotonic?: () => number;
  /** How long a sender may take over its headers. @default 5_000 */
  readonly headersWithinMs?: number;
  /** Hears one line for each delivery that was refused or taken. */
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
}

/** A receiver that listens. */
export interface WebhookServer {
  readonly host: string;
  readonly port: number;
  /** Takes no more deliveries, and resolves when the last answer is out. */
  close(): Promise<void>;
}

/**
 * Begins to listen.
 *
 * @throws {Error} If the port cannot be had; the message names who has it where that can be told.
 */
export async function startWebhookServer(options: WebhookServerOptions): Promise<WebhookServer> {
  const { monotonic = () => performance.now(), headersWithinMs = 5_000, log } = options;
  const timers = new Map<string, NodeJS.Timeout>();
  const desk: WebhookDesk = {
    upstreams: options.upstreams,
    secrets: options.secrets,
    wake: options.wake,
    bodies: createBodyReader({ maxBytes: MAX_BODY_BYTES, maxHeldBytes: MAX_HELD_BYTES }),
    limit: createRateLimit({ ...LIMIT, now: monotonic }),
    deliveries: options.deliveries,
    pending: new Set(),
    wakeLater(subsystem, afterMs) {
      if (timers.has(subsystem)) return;
      const look = () => {
        timers.delete(subsystem);
        // A failure is told by whoever was woken.
        options.wake(subsystem, "deliveries beyond the limit").catch(() => {});
      };
      timers.set(subsystem, setTimeout(look, afterMs));
    },
  };
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: headersWithinMs,
    requestTimeout: REQUEST_WITHIN_MS,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: headersWithinMs / 5,
  });
  guardConnections(server, MAX_CONNECTIONS);
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    route(request, desk).then(
      (answer) => {
        send(request, response, answer);
        tell(log, request, answer);
      },
      (error: unknown) => {
        log("webhook-failed", { message: String(error) });
        send(request, response, refuse(500, "FAILED", "The delivery could not be looked at"));
      },
    );
  };
  server.on("request", handle);
  // A sender that asks first sends no body that is refused by its headers alone.
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    if (Number(request.headers["content-length"] ?? 0) <= MAX_BODY_BYTES) response.writeContinue();
    handle(request, response);
  });
  server.on("clientError", answerBrokenRequest);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      describeListenError(error, options).then(reject, reject);
    });
    server.listen(options.port, options.host, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers.values()) clearTimeout(timer);
        server.close(() => resolve());
        server.closeIdleConnections();
        // Whoever is in the middle of a delivery has a second to end it.
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      }),
  };
}

async function route(request: IncomingMessage, desk: WebhookDesk): Promise<WebhookAnswer> {
  const { method } = request;
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  if (path === "/health") {
    if (method !== "GET" && method !== "HEAD") return wrongMethod("GET, HEAD");
    return { status: 200, body: { status: "ok" } };
  }
  const [, subsystem] = /^\/webhook\/([\w.-]+)$/.exec(path) ?? [];
  if (subsystem === undefined) {
    return refuse(404, "NOT_FOUND", "There is only /webhook/<subsystem> and /health");
  }
  if (method !== "POST") return wrongMethod("POST");
  return await receiveWebhook(request, subsystem, desk);
}

function wrongMethod(allow: string): WebhookAnswer {
  const answer = refuse(405, "WRONG_METHOD", `Only ${allow} is taken here`);
  return { ...answer, headers: { allow } };
}

function send(request: IncomingMessage, response: ServerResponse, answer: WebhookAnswer): void {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    ...answer.headers,
  });
  response.end(request.method === "HEAD" ? undefined : text);
  if (request.complete) return;
  // Closing while the sender still sends would take the answer from it; so the rest is read, for as
  // long as the request may take, but not without end.
  let left = 4 * MAX_BODY_BYTES;
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
}

function tell(
  log: WebhookServerOptions["log"],
  request: IncomingMessage,
  { status, body }: WebhookAnswer,
): void {
  if (request.url === "/health") return;
  const delivery = request.headers["x-github-delivery"];
  const event = request.headers["x-github-event"];
  log("webhook", { path: request.url, status, event, delivery, ...body });
}

function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const text = JSON.stringify({ code: "BAD_REQUEST", message: status });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`,
  );
  // The other side need not close its half.
  socket.destroySoon();
}

async function describeListenError(
  error: NodeJS.ErrnoException,
  { host, port }: WebhookServerOptions,
): Promise<Error> {
  const place = `${host}:${port}`;
  if (error.code === "EADDRINUSE") {
    const owner = await describePortOwner(host, port);
    return new Error(
      `Cannot listen on ${place}: expected a free port, got one that ${owner} listens on; name another with --port`,
      { cause: error },
    );
  }
  return new Error(`Cannot listen on ${place}: expected a free port, got ${error.code}`, {
    cause: error,
  });
}
