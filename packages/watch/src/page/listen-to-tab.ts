import type { WatchPage } from "../watch-page.js";

/** Tells a watch when its tab wakes up, and when another tab remembers something. */
export const listenToTab: WatchPage["listen"] = (onWake, onRemember) => {
  let leftAt = 0;
  // Fires too when a page comes back out of the back/forward cache.
  addEventListener("visibilitychange", () => {
    if (document.hidden) leftAt = Date.now();
    // Shorter absences leave a live socket behind.
    else if (Date.now() - leftAt >= 30_000) onWake();
  });
  addEventListener("online", onWake);
  addEventListener("storage", onRemember);
};
