import type { WatchPage } from "../watch-page.js";
import { clearCaches } from "./clear-caches.js";
import { servedBuild } from "./served-build.js";

// Shorter absences leave a live socket behind.
const AWAY_MS = 30_000;
// A worker that does not hand over must not keep a person who asked for a refresh waiting.
const CLEAR_MS = 3_000;
const BUST_PARAMETER = "tideline";

/** The page this runs in, for a watch. Touches nothing until a method is called. */
export const browserPage: WatchPage = {
  servedBuild,

  arrive() {
    const address = new URL(location.href);
    if (!address.searchParams.has(BUST_PARAMETER)) return;
    address.searchParams.delete(BUST_PARAMETER);
    history.replaceState(history.state, "", address);
  },

  reload(bustCache) {
    const go = () => {
      if (!bustCache) return location.reload();
      const address = new URL(location.href);
      address.searchParams.set(BUST_PARAMETER, Date.now().toString(36));
      location.replace(address);
    };
    Promise.race([
      // Whatever fails here, the load itself is what was asked for.
      clearCaches().catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, CLEAR_MS)),
    ]).then(go);
  },

  onWake(callback) {
    let leftAt = 0;
    const onShow = () => {
      if (document.hidden) {
        leftAt = Date.now();
      } else if (leftAt && Math.abs(Date.now() - leftAt) >= AWAY_MS) {
        leftAt = 0;
        callback();
      }
    };
    const onBack = () => {
      if (document.hidden) leftAt = 1;
      else callback();
    };
    const onPageShow = (event: PageTransitionEvent) => {
      if (event.persisted) onBack();
    };
    const stops = [
      listen(document, "visibilitychange", onShow),
      listen(document, "resume", onBack),
      listen(window, "online", onBack),
      listen(window, "pageshow", onPageShow as EventListener),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  },

  onLeave: (callback) => listen(window, "pagehide", callback),

  // Vite's own event. It is not prevented: an import that was is resolved with undefined.
  onChunkError: (callback) => listen(window, "vite:preloadError", callback),
};

function listen(target: EventTarget, type: string, listener: EventListener): () => void {
  target.addEventListener(type, listener);
  return () => target.removeEventListener(type, listener);
}
