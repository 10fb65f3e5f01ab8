/** One watch for each client and target, however many components ask. */
import { type BuildStamp, WATCH_LATEST_DEPLOYMENT } from "@tideline/version";
import { createVersionWatch, type DeploymentSource, type VersionWatch } from "@tideline/watch";
import { browserPage, readStamp } from "@tideline/watch/page";
import type { ConvexReactClient } from "convex/react";
import { reactSource } from "./react-source.js";

/** Where `useVersionCheck` and `UpdateNotification` listen. Everything has a default. */
export interface VersionCheckOptions {
  /** @default the stamp's */
  readonly appName?: string | undefined;
  /** Needed where the build is promoted between environments. @default the stamp's */
  readonly environment?: string | undefined;
  /** What this page was built as. @default what `tideline()` put in the page's head */
  readonly stamp?: BuildStamp | null | undefined;
  /** The public query. @default "deployments:watchLatestDeployment" */
  readonly functionName?: string | undefined;
  /**
   * Another source than the app's Convex client, such as `gatewaySource(url)` of
   * `@tideline/watch/sse`. The first one that a component passes counts.
   */
  readonly source?: DeploymentSource | undefined;
}

const watches = new WeakMap<object, Record<string, VersionWatch>>();

/**
 * Gives the watch that these options name; the same one for the same client, source and target.
 *
 * @param key The options but the source, as a text.
 */
export function watchFor(
  client: ConvexReactClient | undefined,
  options: VersionCheckOptions,
  key: string,
): VersionWatch {
  const owner = options.source ?? client ?? watches;
  const byOptions = watches.get(owner) ?? {};
  watches.set(owner, byOptions);
  byOptions[key] ??= makeWatch(client, options);
  return byOptions[key];
}

function makeWatch(
  client: ConvexReactClient | undefined,
  {
    stamp = readStamp(),
    appName = stamp?.appName ?? "",
    environment = stamp?.environment ?? "",
    functionName = WATCH_LATEST_DEPLOYMENT,
    source = client && reactSource(client, functionName),
  }: VersionCheckOptions,
): VersionWatch {
  return createVersionWatch({
    stamp,
    appName,
    environment,
    page: browserPage,
    source: (appName && environment && source) || {
      subscribe() {
        throw new Error("Cannot follow deployments: add <ConvexProvider> and tideline()");
      },
    },
  });
}
