import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createGateway, type Gateway } from "./create-gateway.js";
import type { GatewayOptions } from "./gateway-options.js";
import { fileLimitWarning, hardFileLimit } from "./open-files.js";
import { StartError } from "./start-error.js";
import { targetKey } from "./target.js";

/** What a gateway with a server of its own needs. */
export interface StartOptions extends GatewayOptions {
  /** 0 takes a free one. @default 8780 */
  readonly port?: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
}

/** A gateway that listens. */
export interface RunningGateway {
  /** Where, with the port that it got. */
  readonly url: string;
  readonly gateway: Gateway;
  /** Sends its clients away in an even stream, then closes. */
  stop(): Promise<void>;
  /** Closes at once. */
  close(): Promise<void>;
}

// Beyond the streams: questions to /version, health checks, and those that are refused.
const OTHER_CONNECTIONS = 5_000;

/**
 * Starts a gateway with a server of its own.
 *
 * @throws {StartError} If it cannot listen there.
 */
export async function startGateway(options: StartOptions): Promise<RunningGateway> {
  const { port = 8780, host = "127.0.0.1", targets, log, maxConnections = 20_000 } = options;
  const gateway = createGateway(options);
  const server = createServer(gateway.handle);
  server.maxConnections = maxConnections + OTHER_CONNECTIONS;
  try {
    await listen(server, port, host);
  } catch (error) {
    await gateway.close();
    throw error;
  }
  const { port: actual } = server.address() as AddressInfo;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${actual}`;
  log?.info?.(`Gateway listens on ${url}, targets: ${targets.map(targetKey).join(", ")}`);
  const warning = fileLimitWarning(hardFileLimit(), maxConnections, OTHER_CONNECTIONS);
  if (warning !== null) log?.warn?.(warning);

  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await gateway.close();
    server.closeIdleConnections();
    // Whoever does not take the end of its stream in this time never will.
    const impatience = setTimeout(() => server.closeAllConnections(), 1_000);
    await closed;
    clearTimeout(impatience);
  };
  return {
    url,
    gateway,
    close,
    async stop() {
      log?.info?.(`Gateway ends, clients to be sent away: ${gateway.clients}`);
      await gateway.drain();
      await close();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(new StartError(`Cannot listen on ${host}:${port}: ${reasonOf(cause)}`, { cause }));
    });
    // Thousands come back in one moment when another gateway has ended.
    server.listen({ port, host, backlog: 4096 }, resolve);
  });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "EADDRINUSE":
      return "the port is in use; choose another one with --port";
    case "EACCES":
      return "the port needs more rights; choose one above 1023 with --port";
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return "this machine has no such address; choose one with --host";
    default:
      return message;
  }
}
