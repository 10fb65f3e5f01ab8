/** Puts the parts together: database, runtime, sync protocol, HTTP API, HTTP actions. */
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { createCalls } from "./calls.js";
import type { RunningServer, Runtime, ServerOptions } from "./contract.js";
import type { EmbeddedDatabase } from "./data/embedded-database.js";
import { openDatabase } from "./data/open-database.js";
import { createAdminKey, loadAdminKey } from "./http/admin-key.js";
import { createApiHandler } from "./http/api-handler.js";
import { createHttpActionHandler } from "./http/http-actions.js";
import { listen } from "./http/listen.js";
import { createLog } from "./log.js";
import { prepareDataFolder } from "./prepare-data-folder.js";
import { SCHEDULER_TABLES } from "./runtime/scheduler-tables.js";
import { startRuntime } from "./runtime/start-runtime.js";
import { StartError } from "./start-error.js";
import { createSyncServer } from "./sync/sync-server.js";
import { createSystemQueries } from "./system/system-queries.js";
import { VERSION } from "./version.js";

const DEFAULT_PORT = 3210;
const DEFAULT_SITE_PORT = 3211;
const DEFAULT_HOST = "127.0.0.1";

/**
 * Serves a `convex/` folder to the official Convex clients until it is closed.
 *
 * Says one line when it is ready, one for every mutation that fails, and nothing else unless
 * `verbose` is set.
 *
 * @returns Once both ports take requests and every function is loaded.
 * @throws {StartError} If a port is in use, the folder is missing, or the data folder cannot be
 *   written or belongs to a server that runs; one sentence that says which.
 * @throws {Error} If the folder's code does not load or the stored data does not fit its schema.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const host = options.host ?? DEFAULT_HOST;
  const write = options.log ?? ((line: string) => void process.stdout.write(`${line}\n`));
  const log = createLog(write, options.verbose ?? false);
  await requireFolder(options.dir);
  await prepareDataFolder(options.data);

  // What is open is closed again if a later step fails, the last first.
  const opened: (() => Promise<unknown>)[] = [];
  try {
    const database = open(options.data);
    opened.push(() => database.close());
    const adminKey =
      options.adminKey === undefined
        ? await loadAdminKey(options.data)
        : createAdminKey(options.adminKey);

    // The ports come first: nothing has changed yet if one is in use. Requests wait for the rest.
    const ready = createDeferred<Handlers>();
    const waiting = new Set<Duplex>();
    const apiServer = createServer((request, response) => {
      void ready.promise.then((handlers) => handlers.api(request, response));
    });
    apiServer.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // A peer that resets while the functions still load must not end the process.
      socket.on("error", () => socket.destroy());
      waiting.add(socket);
      socket.once("close", () => waiting.delete(socket));
      void ready.promise.then((handlers) => {
        waiting.delete(socket);
        handlers.upgrade(request, socket, head);
      });
    });
    const siteServer = createServer((request, response) => {
      void ready.promise.then((handlers) => handlers.site(request, response));
    });
    opened.push(async () => {
      const serversClosed = Promise.all([closeServer(apiServer), closeServer(siteServer)]);
      // Those who wait for functions that will not load would keep the servers open.
      for (const socket of waiting) socket.destroy();
      for (const server of [apiServer, siteServer]) server.closeAllConnections();
      await serversClosed;
    });
    const port = await listen(apiServer, host, options.port ?? DEFAULT_PORT, "--port");
    const sitePort = await listen(
      siteServer,
      host,
      options.sitePort ?? DEFAULT_SITE_PORT,
      "--site-port",
    );
    const url = `http://${urlHost(host)}:${port}`;
    const siteUrl = `http://${urlHost(host)}:${sitePort}`;

    const runtime = await startRuntime({
      dir: options.dir,
      database,
      ...(options.env === undefined ? {} : { env: options.env }),
      cloudUrl: url,
      siteUrl,
      watch: options.watch ?? false,
      log: log.line,
    });
    opened.push(() => runtime.close());
    const { handlers, closeSync } = connect({ database, runtime, adminKey, log, url });
    ready.resolve(handlers);

    log.line(`Convex functions of "${options.dir}" at ${url}, HTTP actions at ${siteUrl}`);
    let closing: Promise<void> | null = null;
    return {
      url,
      siteUrl,
      adminKey: adminKey.text,
      close() {
        closing ??= shutDown();
        return closing;
      },
    };

    async function shutDown(): Promise<void> {
      const serversClosed = Promise.all([closeServer(apiServer), closeServer(siteServer)]);
      await closeSync();
      await serversClosed;
      await runtime.close();
      await database.close();
    }
  } catch (error) {
    for (const close of opened.reverse()) await close();
    throw error;
  }
}

interface Handlers {
  readonly api: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly site: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

interface Parts {
  readonly database: EmbeddedDatabase;
  readonly runtime: Runtime;
  readonly adminKey: ReturnType<typeof createAdminKey>;
  readonly log: ReturnType<typeof createLog>;
  readonly url: string;
}

function connect(parts: Parts): { handlers: Handlers; closeSync: () => Promise<void> } {
  const { database, runtime, adminKey, log } = parts;
  const calls = createCalls(runtime, createSystemQueries(parts), log);
  const sync = createSyncServer({ database, runtime, calls, adminKey, log });
  const handleHttpAction = createHttpActionHandler(runtime, adminKey, log);
  return {
    handlers: {
      api: createApiHandler({ calls, database, adminKey, log, version: VERSION, handleHttpAction }),
      site: (request, response) => handleHttpAction(request, response, request.url ?? "/"),
      upgrade: (request, socket, head) => sync.upgrade(request, socket, head),
    },
    closeSync: () => sync.close(),
  };
}

function open(data: string): EmbeddedDatabase {
  try {
    return openDatabase({ path: join(data, "database.sqlite"), systemTables: SCHEDULER_TABLES });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new StartError(message, { cause: error });
  }
}

async function requireFolder(dir: string): Promise<void> {
  const found = await stat(dir).catch(() => null);
  if (found?.isDirectory()) return;
  const what = found === null ? "there is no such folder" : "it is not a folder";
  throw new StartError(
    `Cannot load functions from "${dir}": ${what}; name your convex folder with --dir`,
  );
}

// A stream of events has no end of its own.
const ANSWER_TIMEOUT_MS = 10_000;

/** Takes no new connections, and waits up to 10 s for requests that are being answered. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), ANSWER_TIMEOUT_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** An IPv6 address stands in brackets; "any address" is reached by this machine's own. */
function urlHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

function createDeferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((given) => {
    resolve = given;
  });
  return { promise, resolve };
}
