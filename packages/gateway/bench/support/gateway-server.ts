/**
 * The gateway as `tideline-gateway` starts it, with options as JSON in its argument. Without a
 * `convexUrl` its ledger is a source in the same process, which delivers what the bench tells.
 */
import type { LatestDeployment } from "@tideline/version";
import type { ConvexConnection } from "@tideline/watch/convex";
import { type StartOptions, startGateway } from "../../src/start-gateway.js";
import { newsOf, WEB } from "./news.js";
import { serveBench } from "./serve-bench.js";

const [options = "{}"] = process.argv.slice(2);
const given = JSON.parse(options) as Partial<StartOptions>;

const listeners = new Set<(latest: LatestDeployment) => void>();
let epoch = 1;
let latest = newsOf(epoch, "").latest;

const ledger: ConvexConnection = {
  source: {
    subscribe(_query, onLatest) {
      listeners.add(onLatest);
      onLatest(latest);
      return () => listeners.delete(onLatest);
    },
    check: async () => latest,
  },
  state: () => "live",
  onStateChange: () => () => {},
  close: async () => {},
};

const gateway = await startGateway({
  ...{ convexUrl: "", targets: [WEB], port: 0, maxConnections: 15_000 },
  ...(given.convexUrl === undefined && { ledger }),
  ...given,
});
serveBench(Number(new URL(gateway.url).port), (text) => {
  epoch += 1;
  ({ latest } = newsOf(epoch, text));
  for (const listener of listeners) listener(latest);
});
