import type { WatchPage } from "../watch-page.js";
import { clearCaches } from "./clear-caches.js";
import { recall, remember } from "./storage.js";

/**
 * The tab this runs in, for a watch: all of a page but the look at its host, so that a page whose
 * build is named elsewhere than in Tideline's tag looks in its own way. Touches nothing until a
 * method is called.
 */
export const browserTab: Omit<WatchPage, "servedBuild"> = {
  recall,
  remember,

  reload(onLeave) {
    addEventListener("pagehide", onLeave);
    new Promise<void>((done) => {
      // A worker that does not hand over must not keep a person who asked for a refresh waiting.
      setTimeout(done, 3_000);
      // Whatever fails before it, the load itself is what was asked for.
      clearCaches(done).catch(done);
    }).then(() => location.reload());
  },

  listen(onWake, onRemember) {
    let leftAt = 0;
    // Fires too when a page comes back out of the back/forward cache.
    const onVisibilityChange = () => {
      if (document.hidden) leftAt = Date.now();
      // Shorter absences leave a live socket behind. By distance: a clock that was set back must not
      // hide an absence.
      else if (Math.abs(Date.now() - leftAt) >= 30_000) onWake();
    };
    addEventListener("visibilitychange", onVisibilityChange);
    addEventListener("online", onWake);
    addEventListener("storage", onRemember);
  },
};
