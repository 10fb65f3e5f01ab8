import type { BuildStamp, LatestDeployment } from "@tideline/version";
import { NOTHING_HEARD, type WatchSnapshot } from "@tideline/watch";
import { useConvex } from "convex/react";
import { useMemo, useSyncExternalStore } from "react";
import { type VersionCheckOptions, watchFor } from "./watch-for.js";

/** What `useVersionCheck` gives. */
export interface VersionCheck extends WatchSnapshot {
  /** True while a refresh brings another build and nobody said Later to it. */
  readonly hasUpdate: boolean;
  /** The deployment that a refresh is for; null unless `hasUpdate`. */
  readonly updateInfo: LatestDeployment | null;
  /** What this page was built as; null if its stamp is unreadable, and on a server. */
  readonly currentVersion: BuildStamp | null;
  /** Clears old caches and loads the page again at the same address. */
  refreshApp(): void;
  /** Hides this deployment's offer in all tabs; a later one is offered again. */
  dismissUpdate(): void;
}

/**
 * Tells a component whether the page it is in is out of date, live.
 *
 * Uses the app's own Convex client and the stamp in the page's head. Never throws: see `setupError`.
 * All components with the same options share one watch.
 */
export function useVersionCheck(options: VersionCheckOptions = {}): VersionCheck {
  const client = useConvex();
  const key = JSON.stringify({ ...options, source: 0 });
  // biome-ignore lint/correctness/useExhaustiveDependencies: by their text, since options are written in place and are new objects in every render
  const watch = useMemo(() => watchFor(client, options, key), [client, key]);
  const snapshot = useSyncExternalStore(watch.subscribe, watch.getSnapshot, () => NOTHING_HEARD);
  const hasUpdate = snapshot.state === "offered";
  return {
    ...snapshot,
    hasUpdate,
    updateInfo: hasUpdate ? snapshot.latest : null,
    currentVersion: snapshot.stamp,
    refreshApp: watch.refresh,
    dismissUpdate: watch.dismiss,
  };
}
