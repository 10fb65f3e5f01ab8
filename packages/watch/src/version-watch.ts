import type { BuildStamp } from "@tideline/version";
import { followVersion, type WatchTools } from "./follow-version.js";
import { NOTHING_HEARD, type WatchSnapshot } from "./watch-snapshot.js";

export interface VersionWatchOptions extends WatchTools {
  /** What this page was built as, or null if its stamp is unreadable: then nothing is ever said. */
  readonly stamp: BuildStamp | null;
  /** With `environment`: the target whose deployments are meant. */
  readonly appName: string;
  readonly environment: string;
}

export interface VersionWatch {
  getSnapshot(): WatchSnapshot;
  /** The first listener starts the watch; when the last is gone it rests, and keeps what it knows. */
  subscribe(listener: () => void): () => void;
  /**
   * Loads the page again, once however often it is called, after a look at the host. Does not load
   * when the host cannot be reached, or when a page that is behind would get the same build: it then
   * says "rolling-out" instead.
   */
  refresh(): void;
  /** Hides the offer for this deployment, in all tabs of the browser. Nothing if it is critical. */
  dismiss(): void;
  /** Asks the source and the host at once, as after a wake-up. */
  checkNow(): void;
}

/**
 * Gives a watch over one target. It does nothing until it has a listener, and never throws: what is
 * wrong with the wiring is `setupError` in the snapshot.
 */
export function createVersionWatch(options: VersionWatchOptions): VersionWatch {
  const { stamp, appName, environment } = options;
  const listeners = new Set<() => void>();
  let snapshot: WatchSnapshot = { ...NOTHING_HEARD, stamp };
  /** Undefined where the source could not even start. */
  let stop: (() => void) | undefined;

  const change = (changes: Partial<WatchSnapshot>) => {
    snapshot = { ...snapshot, ...changes };
    for (const listener of listeners) listener();
  };
  /** Without a message: what was wrong is mended. */
  const fail = ({ message: setupError = null }: { readonly message?: string | null }) => {
    if (setupError && setupError !== snapshot.setupError) console.warn(setupError);
    change({ setupError });
  };
  const watch = followVersion(
    { appName, environment, buildId: stamp?.buildId ?? "" },
    options,
    (state, verdict, latest) => change({ state, verdict, latest }),
    fail,
  );

  return {
    ...watch,
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) {
        try {
          stop = watch.start();
        } catch (error) {
          fail(error as Error);
        }
      }
      return () => {
        listeners.delete(listener);
        // Once: nobody else stands the second end of a subscription.
        if (!listeners.size) stop = stop?.() as undefined;
      };
    },
  };
}
