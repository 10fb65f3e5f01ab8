import type { WatchPage } from "../watch-page.js";
import { listenToTab } from "./listen-to-tab.js";

/**
 * What every page has in common for a watch: what it remembers and what happens to it. Touches
 * nothing until a method is called.
 *
 * Where the browser refuses storage (blocked cookies, a sandboxed frame, a full disk), the tab's
 * memory is `window.name`, which survives a load too; it holds one text for all keys, so that the
 * loop guard counts too much rather than too little. Nothing is shared.
 */
export const browserTab: Pick<WatchPage, "recall" | "remember" | "listen"> = {
  recall(memory, key) {
    try {
      // A full store still reads, and what it refused is in the name.
      return window[memory][key] ?? name;
    } catch {
      return name;
    }
  },

  remember(memory, key, text) {
    try {
      window[memory][key] = text;
    } catch {
      // Only what the loop guard notes has no letter in it, and a name that the app uses has some.
      if (!/[^,\d]/.test(name + text)) window.name = text;
    }
  },

  listen: listenToTab,
};
