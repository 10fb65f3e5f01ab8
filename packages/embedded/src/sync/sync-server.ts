/**
 * The sync protocol's server: takes WebSocket upgrades, keeps the sessions, and writes to all that
 * have something new in one round, so that those who get the same bytes get the same Buffer.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { Calls } from "../calls.js";
import type { Database, Runtime } from "../contract.js";
import type { AdminKey } from "../http/admin-key.js";
import type { Log } from "../log.js";
import { Heartbeat } from "./heartbeat.js";
import { Outlet } from "./outlet.js";
import { Session, type SessionContext } from "./session.js";
import { Subscriptions } from "./subscriptions.js";
import { TransitionFrames } from "./transition-frames.js";
import { VersionTable } from "./version.js";

export interface SyncServer {
  /** Takes over a connection that wants to speak the sync protocol. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** How many clients are connected. */
  readonly connectionCount: number;
  /** Takes no more calls, waits up to 10 s for those that run, then closes all with 1001. */
  close(): Promise<void>;
}

export interface SyncServerOptions {
  readonly database: Database;
  readonly runtime: Runtime;
  readonly calls: Calls;
  readonly adminKey: AdminKey;
  readonly log: Log;
}

// Arguments are limited to 16 MiB; a client that comes back asks for all its queries in one frame.
const MAX_FRAME_BYTES = 32 * 1_048_576;
// A peer that does not answer the close within that time is cut off.
const CLOSE_TIMEOUT_MS = 1_000;
// Mutations take milliseconds; an action may take minutes, and its client is told that it was cut.
const FINISH_TIMEOUT_MS = 10_000;

/** Starts serving the sync protocol; upgrades are handed in by the HTTP server. */
export function createSyncServer(options: SyncServerOptions): SyncServer {
  const { database, runtime, calls, log } = options;
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
  });
  const sessions = new Map<Session, WebSocket>();
  const heartbeat = new Heartbeat();
  const idleWaiters: (() => void)[] = [];
  let isClosing = false;

  let dirty = new Set<Session>();
  let isFlushPlanned = false;
  const planFlush = (): void => {
    if (isFlushPlanned) return;
    isFlushPlanned = true;
    // Later in this turn more queries settle and more calls end; they go out together.
    setImmediate(flush);
  };
  const markDirty = (session: Session): void => {
    dirty.add(session);
    planFlush();
  };
  function flush(): void {
    isFlushPlanned = false;
    const round = dirty;
    dirty = new Set();
    const frames = new TransitionFrames();
    for (const session of round) {
      if (!session.flush(frames, subscriptions.ts)) dirty.add(session);
    }
  }

  const subscriptions = new Subscriptions<Session>({
    run: (query, journal) => calls.query(query, journal),
    ts: database.latestTs,
    now: () => performance.now(),
    onSettled(subscription, isChanged) {
      if (isChanged) for (const slot of subscription.slots) dirty.add(slot.owner);
      if (dirty.size > 0) planFlush();
    },
    onFailure(subscription, error) {
      for (const slot of [...subscription.slots]) slot.owner.fail(error);
    },
  });
  const stopListening = [
    database.onCommit((commit) => subscriptions.commit(commit)),
    database.onEnvironmentChange(() => subscriptions.invalidateAll()),
    runtime.onReload(() => subscriptions.invalidateAll()),
  ];

  const context: SessionContext = {
    calls,
    subscriptions,
    versions: new VersionTable(),
    adminKey: options.adminKey,
    onDirty: markDirty,
    onCallEnd() {
      if (isClosing) for (const wake of idleWaiters.splice(0)) wake();
    },
    onFutureClient: once(() =>
      log.line(
        "A client has seen newer data than this server holds (was the data folder replaced?): reload its page",
      ),
    ),
    onSystemError(what, error) {
      log.line(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
    },
  };

  function accept(webSocket: WebSocket, socket: Duplex, path: string): void {
    const session = new Session(
      context,
      webSocket,
      (onRelief) => new Outlet(socket, onRelief),
      acceptsChunks(path),
    );
    sessions.set(session, webSocket);
    const pulse = heartbeat.add(socket, webSocket, session);
    webSocket.on("message", (data: RawData, isBinary: boolean) => {
      if (!isClosing) session.receive(isBinary ? null : data.toString());
    });
    // What it says (a frame too large, a reset) is followed by "close".
    webSocket.on("error", (error) => log.verbose(`connection error: ${error.message}`));
    webSocket.on("close", (code) => {
      heartbeat.remove(pulse);
      sessions.delete(session);
      session.end();
      log.verbose(`connection closed: ${code}`);
    });
    log.verbose(`connection opened: ${path}`);
  }

  return {
    get connectionCount() {
      return sessions.size;
    },
    upgrade(request, socket, head) {
      const path = request.url ?? "";
      if (isClosing || !/^\/api\/([^/?]+\/)?sync(\?|$)/.test(path)) {
        const status = isClosing ? "503 Service Unavailable" : "400 Bad Request";
        // A peer that never ends its side must not keep the socket, nor the server from closing.
        socket.once("finish", () => socket.destroy());
        socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      webSockets.handleUpgrade(request, socket, head, (webSocket) =>
        accept(webSocket, socket, path),
      );
    },
    async close() {
      isClosing = true;
      heartbeat.stop();
      let isTimeUp = false;
      const timer = setTimeout(() => {
        isTimeUp = true;
        context.onCallEnd();
      }, FINISH_TIMEOUT_MS);
      while (!isTimeUp && [...sessions.keys()].some((session) => session.isBusy)) {
        await new Promise<void>((resolve) => idleWaiters.push(resolve));
      }
      clearTimeout(timer);
      flush();
      for (const stop of stopListening) stop();
      await Promise.all(
        [...sessions].map(([session, webSocket]) => closeAndWait(session, webSocket)),
      );
      webSockets.close();
    },
  };
}

function closeAndWait(session: Session, webSocket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => webSocket.terminate(), CLOSE_TIMEOUT_MS);
    webSocket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    session.close(1001, "The server is shutting down");
  });
}

/** The path names the client's version: `/api/1.48.0/sync`. */
function acceptsChunks(path: string): boolean {
  const match = /^\/api\/(\d+)\.(\d+)\./.exec(path);
  const [major, minor] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
  return major > 1 || (major === 1 && minor >= 28);
}

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    run();
  };
}
