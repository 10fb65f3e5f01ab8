import type { WatchStorage } from "../watch-page.js";

/**
 * Session and local storage that never throw. Where the browser refuses them (blocked cookies, a
 * sandboxed frame), the tab's part is kept in `window.name`, which survives a reload too, if the app
 * does not use it; the browser's part lasts as long as the page.
 */
export const browserStorage: WatchStorage = {
  read(area, key) {
    const kept = fallback(area)[key];
    if (kept !== undefined) return kept;
    try {
      return (area === "tab" ? sessionStorage : localStorage).getItem(key);
    } catch {
      // Refused, and nothing was written here either.
      return null;
    }
  },
  write(area, key, value) {
    try {
      (area === "tab" ? sessionStorage : localStorage).setItem(key, value);
    } catch {
      const kept = { ...fallback(area), [key]: value };
      memory[area] = kept;
      if (area === "tab" && (!window.name || window.name.startsWith(MARK))) {
        window.name = MARK + JSON.stringify(kept);
      }
    }
  },
  onChange(callback) {
    window.addEventListener("storage", callback);
    return () => window.removeEventListener("storage", callback);
  },
};

const MARK = "tideline:";
const memory: { tab?: Record<string, string>; browser?: Record<string, string> } = {};

function fallback(area: "tab" | "browser"): Record<string, string> {
  if (!memory[area] && area === "tab" && window.name.startsWith(MARK)) {
    try {
      memory.tab = JSON.parse(window.name.slice(MARK.length));
    } catch {
      // Not ours after all.
    }
  }
  return memory[area] ?? {};
}
