/** One watch for each client and target, however many components ask. */
import { type BuildStamp, FUNCTION_NAMES } from "@tideline/version";
import { createVersionWatch, type DeploymentSource, type VersionWatch } from "@tideline/watch";
import { browserPage, browserStorage, readStamp } from "@tideline/watch/page";
import type { ConvexReactClient } from "convex/react";
import { reactSource } from "./react-source.js";

/** Where `useVersionCheck` and `UpdateNotification` listen. Everything has a default. */
export interface VersionCheckOptions {
  /** @default the stamp's */
  readonly appName?: string | undefined;
  /** Needed where the build is promoted between environments. @default the stamp's */
  readonly environment?: string | undefined;
  /** What this page was built as. @default what `tideline()` put in the page's head */
  readonly stamp?: BuildStamp | undefined;
  /** The public query. @default "deployments:watchLatestDeployment" */
  readonly functionName?: string | undefined;
  /** Another source than the app's Convex client. Keep its identity stable between renders. */
  readonly source?: DeploymentSource | undefined;
}

const watches = new WeakMap<object, Map<string, VersionWatch>>();
const NO_CLIENT = {};

/** Gives the watch that these options name; the same one for the same client, source and target. */
export function watchFor(
  client: ConvexReactClient | undefined,
  { appName, environment, stamp, functionName, source }: VersionCheckOptions,
): VersionWatch {
  const owner = source ?? client ?? NO_CLIENT;
  const byTarget = watches.get(owner) ?? new Map<string, VersionWatch>();
  watches.set(owner, byTarget);
  const key = JSON.stringify([appName, environment, stamp, functionName]);
  let watch = byTarget.get(key);
  if (!watch) {
    const read = stamp ?? readStamp();
    const target = {
      appName: appName ?? read?.appName ?? "",
      environment: environment ?? read?.environment ?? "",
    };
    watch = createVersionWatch({
      stamp: read ?? null,
      target,
      page: browserPage,
      storage: browserStorage,
      source:
        read === null
          ? SILENT
          : !target.appName || !target.environment
            ? broken(
                "Cannot tell which build this page is: add tideline() to vite.config.ts, or pass appName, environment and stamp",
              )
            : (source ??
              (client
                ? reactSource(client, functionName ?? FUNCTION_NAMES.watchLatestDeployment)
                : broken("Cannot follow deployments: put this component inside <ConvexProvider>"))),
    });
    byTarget.set(key, watch);
  }
  return watch;
}

/** In development there is a stamp tag that names no build, and nothing to be behind of. */
const SILENT: DeploymentSource = { subscribe: () => () => {} };

function broken(sentence: string): DeploymentSource {
  return {
    subscribe() {
      throw new Error(sentence);
    },
  };
}
