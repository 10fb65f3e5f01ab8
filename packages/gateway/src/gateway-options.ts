import type { ConvexConnection } from "@tideline/watch/convex";
import type { Log } from "./log.js";
import type { Target } from "./target.js";

/** What a gateway is made of. */
export interface GatewayOptions {
  /** The Convex deployment's address, for example `https://happy-otter-123.convex.cloud`. */
  readonly convexUrl: string;
  /** What it may be asked about. With just one, clients need not name it. */
  readonly targets: readonly Target[];
  /** @default "deployments:watchLatestDeployment" */
  readonly functionName?: string;
  /** Origins whose pages may read the answers, as `https://example.com`; `*` for all. @default [] */
  readonly allowedOrigins?: readonly string[];
  /** Where it is mounted, if requests keep the prefix: `/tideline`. @default "" */
  readonly basePath?: string;
  /** Open event streams; whoever comes then gets 503. @default 20_000 */
  readonly maxConnections?: number;
  /**
   * Builds with a subscription of their own; beyond them, builds that the ledger does not know give
   * up theirs, then others are told without their own build. @default 160
   */
  readonly maxBuildsPerTarget?: number;
  /** How often every stream gets the message again. @default 30_000 */
  readonly beatMs?: number;
  /** How often a stream gets something at all; a part of `beatMs`. @default 15_000 */
  readonly keepAliveMs?: number;
  /** How long a build's subscription outlives its last client. @default 60_000 */
  readonly lingerMs?: number;
  /** How long a first answer of the ledger is waited for before it is said that there is none. @default 250 */
  readonly settleMs?: number;
  /** How many bytes may wait for a reader before it is dropped. @default 65_536 */
  readonly maxBehindBytes?: number;
  /** The built page script's path. @default The one of `@tideline/browser` */
  readonly script?: string;
  /** @default A silent one */
  readonly log?: Log;
  /** A connection of the caller's own instead of one to `convexUrl`; closed with the gateway. */
  readonly ledger?: ConvexConnection;
  /** Gives a number from 0 to 1. @default Math.random */
  readonly random?: () => number;
}
