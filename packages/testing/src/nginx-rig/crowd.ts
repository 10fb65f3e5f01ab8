/**
 * Many clients of one stream that behave as a browser's EventSource does: they come back after the
 * `retry` that they were told when a stream ends, and give up for good when they are refused.
 */
import { type ClientRequest, type IncomingMessage, request } from "node:http";

/** What has been seen of all clients together. */
export interface Crowd {
  /** When each connection was begun, in ms of `performance.now()`. */
  readonly begunAt: readonly number[];
  /** The statuses of those that were refused. */
  readonly refusals: readonly number[];
  /** Connections that broke instead of ending. */
  readonly breaks: readonly string[];
  /** When a client that had lost its stream was told a version again. */
  readonly servedAgainAt: readonly number[];
  /** How many clients have been told this version. */
  toldOf(version: string): number;
  /** Resolves when all have an open stream and have been told a version over it. */
  allServed(): Promise<void>;
  /** Resolves when all have been told this version. */
  allToldOf(version: string): Promise<void>;
  close(): void;
}

// nginx lets 200 streams of an address in; a crowd has one for every 100 of its clients.
const PER_ADDRESS = 100;

/** Opens the streams, at most 400 at a time. */
export function gatherCrowd(url: string, size: number): Crowd {
  const begunAt: number[] = [];
  const refusals: number[] = [];
  const breaks: string[] = [];
  const servedAgainAt: number[] = [];
  const told = new Map<string, Set<number>>();
  const versions = new Map<string, string>();
  const open = new Map<number, ClientRequest>();
  const served = new Set<number>();
  const timers = new Set<NodeJS.Timeout>();
  const waiting = new Set<() => void>();
  let isClosed = false;
  let next = 0;

  const changed = () => {
    for (const look of waiting) look();
  };
  const until = (isTrue: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!isTrue()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });

  const connect = (client: number, isAgain: boolean) => {
    begunAt.push(performance.now());
    const asked = request(url, {
      agent: false,
      headers: { accept: "text/event-stream" },
      localAddress: `127.0.1.${1 + Math.floor(client / PER_ADDRESS)}`,
    });
    open.set(client, asked);
    let retryMs = 3000;
    let isOver = false;
    const over = (why: string | null) => {
      if (isOver || isClosed) return;
      isOver = true;
      if (why !== null) breaks.push(why);
      served.delete(client);
      const timer = setTimeout(() => {
        timers.delete(timer);
        connect(client, true);
      }, retryMs);
      timers.add(timer);
      changed();
    };
    asked.once("error", (error) => over(error.message));
    asked.once("response", (response: IncomingMessage) => {
      if (response.statusCode !== 200) {
        refusals.push(response.statusCode ?? 0);
        isOver = true;
        response.resume();
        return changed();
      }
      let rest = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          if (line.startsWith("retry: ")) retryMs = Number(line.slice(7));
          if (!line.startsWith('data: {"type":"version"')) continue;
          const version = versions.get(line) ?? JSON.parse(line.slice(6)).version;
          // All are sent the same bytes: 2,000 clients in one process have no time to read them anew.
          versions.set(line, version);
          const all = told.get(version) ?? new Set();
          told.set(version, all.add(client));
          if (!served.has(client) && isAgain) servedAgainAt.push(performance.now());
          if (!served.has(client) && !isAgain) begin();
          served.add(client);
        }
        changed();
      });
      response.once("end", () => over(null));
      response.once("error", (error) => over(error.message));
    });
    asked.end();
  };
  const begin = () => {
    if (next < size) connect(next++, false);
  };
  for (let count = 0; count < Math.min(size, 400); count++) begin();

  return {
    ...{ begunAt, refusals, breaks, servedAgainAt },
    toldOf: (version) => told.get(version)?.size ?? 0,
    allServed: () => until(() => served.size === size),
    allToldOf: (version) => until(() => told.get(version)?.size === size),
    close() {
      isClosed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const asked of open.values()) asked.destroy();
    },
  };
}

/** Gives the largest number of moments that lie within one second of each other. */
export function mostInASecond(moments: readonly number[]): number {
  const sorted = [...moments].sort((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [index, moment] of sorted.entries()) {
    while (moment - (sorted[first] as number) >= 1000) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
