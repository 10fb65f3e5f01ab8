import type { WatchPage } from "../watch-page.js";
import { browserTab } from "./browser-tab.js";
import { clearCaches } from "./clear-caches.js";
import { servedBuild } from "./served-build.js";

/** The page this runs in, for a watch. Touches nothing until a method is called. */
export const browserPage: WatchPage = {
  ...browserTab,
  servedBuild,

  reload(onLeave) {
    addEventListener("pagehide", onLeave);
    new Promise<void>((done) => {
      // A worker that does not hand over must not keep a person who asked for a refresh waiting.
      setTimeout(done, 3_000);
      // Whatever fails before it, the load itself is what was asked for.
      clearCaches(done).catch(done);
    }).then(() => location.reload());
  },
};
