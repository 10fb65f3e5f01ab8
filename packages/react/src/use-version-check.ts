import type { BuildStamp, LatestDeployment, Verdict } from "@tideline/version";
import type { WatchSnapshot, WatchState } from "@tideline/watch";
import { useConvex } from "convex/react";
import { useSyncExternalStore } from "react";
import { type VersionCheckOptions, watchFor } from "./watch-for.js";

/** What `useVersionCheck` gives. */
export interface VersionCheck {
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
  /** The rule's answer; null until the first answer. `hasUpdate` also waits for the host. */
  readonly verdict: Verdict | null;
  readonly state: WatchState;
  /** What the target serves, whether or not it is offered. */
  readonly latest: LatestDeployment | null;
  /** One sentence that says what to mend in the wiring, or null. Also warned of once. */
  readonly setupError: string | null;
}

const ON_SERVER: WatchSnapshot = {
  state: "listening",
  verdict: null,
  latest: null,
  stamp: null,
  setupError: null,
};

/**
 * Tells a component whether the page it is in is out of date, live.
 *
 * Uses the app's own Convex client and the stamp in the page's head. Never throws: see `setupError`.
 * All components with the same options share one watch.
 */
export function useVersionCheck(options: VersionCheckOptions = {}): VersionCheck {
  const watch = watchFor(useConvex(), options);
  const { state, verdict, latest, stamp, setupError } = useSyncExternalStore(
    watch.subscribe,
    watch.getSnapshot,
    () => ON_SERVER,
  );
  const hasUpdate = state === "offered";
  return {
    hasUpdate,
    updateInfo: hasUpdate ? latest : null,
    currentVersion: stamp,
    refreshApp: watch.refresh,
    dismissUpdate: watch.dismiss,
    verdict,
    state,
    latest,
    setupError,
  };
}
