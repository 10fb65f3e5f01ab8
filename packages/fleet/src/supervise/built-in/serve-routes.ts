/** process-compose's routes, as far as anybody of ours asks for them; src/api/routes.go. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import type { WireEvent } from "../wire-state.js";
import type { ManagedService } from "./managed-service.js";

/** What the routes need of a service. */
export type ServedService = Pick<
  ManagedService,
  "name" | "service" | "state" | "logs" | "start" | "stop" | "restart"
>;

/** What the routes are about. */
export interface RoutesOptions {
  readonly services: ReadonlyMap<string, ServedService>;
  /** Of `tideline-sync`; told by `/project/state`. */
  readonly version: string;
  /** `POST /project/stop` was called. */
  readonly onStop: () => void;
}

/** A server that does not listen yet, and how its streams hear of changes. */
export interface Routes {
  readonly server: Server;
  readonly publish: (service: ServedService) => void;
  readonly close: () => void;
}

// As in process-compose: who does not read in time is cut off, and reads the snapshot anew.
const MAX_UNREAD_BYTES = 256 * 1024;

/** Gives the routes. All errors are 400 with `{"error": …}`, even for an unknown service. */
export function serveRoutes(options: RoutesOptions): Routes {
  const server = createServer((request, response) => {
    answer(request, options).then(
      (body) => send(response, body === null ? 404 : 200, body ?? { error: "no such route" }),
      (error: Error) => send(response, 400, { error: error.message }),
    );
  });
  const streams = new Map<WebSocket, ReadonlySet<string>>();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  const tell = (socket: WebSocket, service: ServedService, snapshot: boolean) => {
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) return socket.terminate();
    const event: WireEvent = { ...(snapshot && { snapshot }), state: service.state() };
    socket.send(JSON.stringify(event));
  };
  server.on("upgrade", (request, socket, head) => {
    const url = urlOf(request);
    if (url.pathname !== "/process/states/ws") return socket.destroy();
    sockets.handleUpgrade(request, socket, head, (stream) => {
      const named = (url.searchParams.get("name") ?? "").split(",").filter((name) => name !== "");
      const names = new Set(named.length > 0 ? named : options.services.keys());
      streams.set(stream, names);
      stream.on("close", () => streams.delete(stream));
      // "close" follows.
      stream.on("error", () => {});
      for (const name of names) {
        const service = options.services.get(name);
        if (service !== undefined) tell(stream, service, true);
      }
    });
  });
  return {
    server,
    publish: (service) => {
      for (const [stream, names] of streams) {
        if (names.has(service.name)) tell(stream, service, false);
      }
    },
    close: () => {
      for (const stream of streams.keys()) stream.terminate();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(request: IncomingMessage, options: RoutesOptions): Promise<object | null> {
  const { services, version, onStop } = options;
  const parts = urlOf(request).pathname.split("/").slice(1).map(decodeURIComponent);
  const [first, second = "", third = "", fourth = "", fifth = ""] = parts;
  const find = (name: string): ServedService => {
    const service = services.get(name);
    if (service === undefined) throw new Error(`no such process: ${name}`);
    return service;
  };
  const route = [
    request.method,
    first,
    ...(first === "process" && parts.length > 2 ? [second] : []),
  ];
  switch (`${route.join(" ")} ${parts.length}`) {
    case "GET live 1":
      return { status: "alive" };
    case "GET processes 1":
      return { data: [...services.values()].map((service) => service.state()) };
    case "GET process 2":
      return find(second).state();
    case "GET process info 3":
      return infoOf(find(third));
    case "GET process logs 5":
      return { logs: find(third).logs(wholeNumber(fourth), wholeNumber(fifth)) };
    case "POST process start 3":
      await find(third).start();
      return { name: third };
    case "POST process restart 3":
      await find(third).restart();
      return { name: third };
    case "PATCH process stop 3":
      await find(third).stop();
      return { name: third };
    case "GET project 2":
      return second === "state" ? { version, processNum: services.size } : null;
    case "POST project 2":
      if (second !== "stop") return null;
      // After the answer: it closes every connection.
      setImmediate(onStop);
      return { status: "stopped" };
    default:
      return null;
  }
}

function infoOf({ name, service }: ServedService): object {
  return {
    name,
    entrypoint: service.command,
    workingDir: service.folder,
    ...(service.readiness !== null && { readinessProbe: service.readiness }),
    shutDownParams: { shutDownTimeout: service.shutdownTimeoutMs / 1000 },
    // RestartPolicyAlways
    restartPolicy: { restart: 1 },
  };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`expected a whole number, got "${text}"`);
  return Number(text);
}

function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? "/", "http://localhost");
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
