/**
 * A gateway as a browser sees one, over a ledger in memory, that fails on demand. It speaks as the
 * real one does on the wire; packages/gateway has tests of its own.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeLedger } from "../fake-ledger.js";

/** How the stub answers a request for its stream. */
export type StreamManner = "speaks" | "refuses" | "keeps silent";

export interface StubGateway {
  readonly url: string;
  readonly ledger: FakeLedger;
  /** The builds that streams were opened with, the first one first. */
  readonly opened: readonly string[];
  /** The builds of the streams that are open now. */
  readonly open: readonly string[];
  /** The builds that `/version` was asked with. */
  readonly asked: readonly string[];
  manner: StreamManner;
  /** True while the ledger cannot be reached. */
  isStale: boolean;
  /** Has a gateway behind the same address answer `/version` from what it knew until now. */
  lag(): void;
  /** Ends what `lag` began. */
  catchUp(): void;
  /** Sends the beat of every 30 s to all. */
  beat(): void;
  /** Sends an event to all. */
  send(event: string, data: string): void;
  /** Ends all streams, as a process does that is killed. */
  drop(): void;
  /** Resolves once `condition` holds; it is asked after every request and every end of one. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** @param pages What other paths are answered with, as HTML or, below `/`, a script. */
export async function openStubGateway(pages: (url: URL) => string): Promise<StubGateway> {
  const ledger = new FakeLedger();
  const opened: string[] = [];
  const asked: string[] = [];
  const streams = new Map<ServerResponse, string>();
  const waiting = new Set<() => void>();
  let lagging: string | undefined;

  const changed = () => {
    for (const check of waiting) check();
  };
  const message = async (buildId: string) =>
    JSON.stringify({
      ...{ type: "version", version: ledger.latest?.version ?? null, stale: stub.isStale },
      ...{ appName: "web", environment: "production", buildId: buildId || null },
      latest: await ledger.check(buildId ? { buildId } : {}),
    });
  const beat = () => {
    for (const [response, buildId] of streams) {
      void message(buildId).then((data) => response.write(event("version_update", data)));
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "", "http://stub");
    const buildId = url.searchParams.get("buildId") ?? "";
    if (url.pathname === "/version") {
      const body = lagging ?? (await message(buildId));
      asked.push(buildId);
      response.writeHead(200, { "Content-Type": "application/json" }).end(body);
    } else if (url.pathname === "/events/version") {
      opened.push(buildId);
      if (stub.manner === "refuses") {
        response.writeHead(503).end();
        return;
      }
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
      response.flushHeaders();
      streams.set(response, buildId);
      response.on("close", () => {
        streams.delete(response);
        changed();
      });
      if (stub.manner === "speaks") {
        response.write(`retry: 100\n${event("version_update", await message(buildId))}`);
      }
    } else {
      const body = pages(url);
      const type = url.pathname.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8";
      response.writeHead(200, { "Content-Type": type }).end(body);
    }
  };

  const server = createServer((request, response) => {
    void answer(request, response).then(changed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stub: StubGateway = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ledger,
    opened,
    get open() {
      return [...streams.values()];
    },
    asked,
    manner: "speaks",
    isStale: false,
    lag() {
      void message("").then((text) => {
        lagging = text;
      });
    },
    catchUp() {
      lagging = undefined;
    },
    beat,
    send(name, data) {
      for (const response of streams.keys()) response.write(event(name, data));
    },
    drop() {
      for (const response of streams.keys()) response.destroy();
    },
    until: (condition) =>
      new Promise((resolve) => {
        const check = () => {
          if (!condition()) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    async close() {
      stopListening();
      server.close();
      server.closeAllConnections();
    },
  };
  const stopListening = ledger.subscribe(
    { appName: "web", environment: "production" },
    () => stub.manner === "speaks" && beat(),
    () => {},
  );
  return stub;
}

function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
