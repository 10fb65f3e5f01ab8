import { openConvexSource } from "@tideline/watch/convex";
import { createFetchHandler, type FetchHandler } from "./fetch-handler.js";
import type { GatewayOptions } from "./gateway-options.js";
import { Hub } from "./hub.js";
import { formatMetrics } from "./metrics.js";
import { createNodeHandler, type NodeHandler } from "./node-handler.js";
import { PageScript } from "./page-script.js";
import { createRouter } from "./router.js";
import { tellWrongAddress } from "./tell-wrong-address.js";
import { Topics } from "./topics.js";
import { watchReturn } from "./watch-return.js";

/** A gateway: its handlers, and its end. The handlers need no `this`. */
export interface Gateway {
  /** For `http.createServer(gateway.handle)` and `app.use(gateway.handle)` of Express. */
  readonly handle: NodeHandler;
  /** For `app.mount("/", gateway.fetch)` of Hono, and whatever else speaks `Request`. */
  readonly fetch: FetchHandler;
  /** Open event streams. */
  readonly clients: number;
  /**
   * Refuses new streams and sends the open ones away one after the other, at most 375 a second; from
   * 3,000 on as evenly as all are gone within 8 s. Answers to other requests go on.
   */
  drain(): Promise<void>;
  /** Closes what is open at once, and the connection to the ledger. */
  close(): Promise<void>;
}

/**
 * Makes a gateway: it follows targets of one ledger and tells any number of pages.
 *
 * Connects at once, and goes on trying while the ledger is away.
 *
 * @throws {TypeError} If there is no target.
 * @throws {Error} If `convexUrl` is no http or https address.
 *
 * @example
 * const gateway = createGateway({ convexUrl, targets: [{ appName: "web", environment: "production" }] });
 * createServer(gateway.handle).listen(8780);
 */
export function createGateway({
  convexUrl,
  targets,
  functionName,
  allowedOrigins = [],
  basePath = "",
  maxConnections = 20_000,
  maxBuildsPerTarget = 160,
  beatMs = 30_000,
  keepAliveMs = 15_000,
  lingerMs = 60_000,
  settleMs = 250,
  maxBehindBytes = 65_536,
  script,
  log = {},
  ledger = openConvexSource(convexUrl, functionName),
  random = Math.random,
}: GatewayOptions): Gateway {
  const [firstTarget] = targets;
  if (firstTarget === undefined) {
    throw new TypeError("Cannot make a gateway: expected at least one target, got none");
  }
  const startedAt = performance.now();
  const streams = { resumed: 0, refused: 0 };
  let isDraining = false;

  const topics: Topics = new Topics({
    ...{ ledger, targets, maxBuildsPerTarget, lingerMs, settleMs, log },
    onMessage: (changed, message, isFirst) =>
      hub.broadcast(changed, message, isFirst ? "First" : "New"),
  });
  const lookAtAddress = tellWrongAddress(convexUrl, (sentence) => log.error?.(sentence));
  const stopWatching = watchReturn({
    ...{ ledger, query: firstTarget, random },
    onNoAnswer: () => {
      // An address that was right once is not wrong now.
      if (topics.epochs().length === 0) void lookAtAddress();
    },
  });
  const hub = new Hub({
    ...{ keepAliveMs, beatMs, log, random },
    topics: () => topics.all(),
    onLeave: (topic) => topics.keep(topic),
  });
  const metrics = () =>
    formatMetrics({
      ...hub.counts,
      ...streams,
      clients: hub.size,
      topics: topics.count,
      isStale: topics.isStale,
      isDraining,
      uptimeSeconds: (performance.now() - startedAt) / 1000,
      epochs: topics.epochs(),
    });
  const route = createRouter({
    ...{ topics, targets, allowedOrigins, maxConnections, metrics, random },
    basePath: basePath.replace(/\/+$/, ""),
    script: new PageScript(script),
    clients: () => hub.size,
    isDraining: () => isDraining,
    onRefused: () => {
      streams.refused++;
    },
    onResumed: () => {
      streams.resumed++;
    },
  });

  const hasRoom = () => !isDraining && hub.size < maxConnections;
  return {
    handle: createNodeHandler(route, hub, hasRoom, maxBehindBytes),
    fetch: createFetchHandler(route, hub, maxBehindBytes),
    get clients() {
      return hub.size;
    },
    async drain() {
      isDraining = true;
      await hub.drain();
    },
    async close() {
      isDraining = true;
      hub.close();
      stopWatching();
      topics.close();
      await ledger.close();
    },
  };
}
