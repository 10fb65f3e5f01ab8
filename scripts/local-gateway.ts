/**
 * The gateway of `npm start`: one, in its process, on a port of its own and at the address of
 * whatever site it is mounted on. Its ports are taken before the ledger is there to be followed;
 * until then it answers 503.
 */
import { createServer, type RequestListener } from "node:http";
import { createGateway, createLog, type Gateway } from "@tideline/gateway";
import { APP_NAMES, LOCAL_ENVIRONMENT } from "./apps.js";
import { listen } from "./listen.js";

/** What the gateway follows, and for whom. */
export interface OpenOptions {
  /** The ledger's address. */
  readonly convexUrl: string;
  /** Origins whose pages may read it on its own port. */
  readonly allowedOrigins: readonly string[];
  /** The path of the built `tideline.js`. */
  readonly script: string;
  /** Says the periodic messages too. @default false */
  readonly isVerbose?: boolean;
  /** Takes a line of its log. */
  readonly log: (line: string) => void;
}

/** A gateway that listens. */
export interface LocalGateway {
  /** Without a slash at its end. */
  readonly url: string;
  /** For the sites that it is mounted on. */
  readonly handle: RequestListener;
  /** Begins to follow every app of this machine. */
  open(options: OpenOptions): void;
  /** Sends its clients away, and ends. May be called again. */
  close(): Promise<void>;
}

/**
 * Makes a gateway listen, on this machine only.
 *
 * @throws {ScriptError} If the port cannot be had.
 */
export async function startLocalGateway(port: number): Promise<LocalGateway> {
  let gateway: Gateway | null = null;
  const handle: RequestListener = (request, response) => {
    if (gateway !== null) return gateway.handle(request, response);
    const headers = { "content-type": "application/json", "retry-after": "1" };
    const body = { code: "UNAVAILABLE", message: "The gateway does not run yet" };
    response.writeHead(503, headers).end(JSON.stringify(body));
  };
  const server = createServer(handle);
  const url = await listen(server, "127.0.0.1", port, "--gateway-port");
  return {
    url,
    handle,
    open({ convexUrl, allowedOrigins, script, isVerbose, log }) {
      gateway = createGateway({
        ...{ convexUrl, allowedOrigins, script },
        targets: APP_NAMES.map((appName) => ({ appName, environment: LOCAL_ENVIRONMENT })),
        log: createLog({
          level: isVerbose ? "debug" : "info",
          write: (line) => log(`[gateway] ${line}`),
        }),
      });
    },
    async close() {
      await gateway?.drain();
      await gateway?.close();
      gateway = null;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
