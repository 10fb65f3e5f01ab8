import type { Memory } from "../watch-page.js";

/**
 * Gives what was kept under `key`, or other text. Where the browser refuses storage (blocked
 * cookies, a sandboxed frame, a full disk), the tab's memory is `window.name`, which survives a load too; it holds one
 * text for all keys, so that the loop guard counts too much rather than too little. Nothing is shared.
 */
export function recall(memory: Memory, key: string): string | null {
  try {
    // A full store still reads, and what it refused is in the name.
    return window[memory].getItem(key) ?? window.name;
  } catch {
    return window.name;
  }
}

/** Keeps a text for `recall`. Does not touch a `window.name` that the app uses. */
export function remember(memory: Memory, key: string, text: string): void {
  try {
    window[memory].setItem(key, text);
  } catch {
    if (memory === "sessionStorage" && /^(null|[\d,])*$/.test(window.name)) window.name = text;
  }
}
