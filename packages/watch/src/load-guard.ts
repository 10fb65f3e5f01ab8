/**
 * Remembers which loads were tried, so that a host that keeps serving an old page cannot make a tab
 * load for ever. Entries end by age alone: a flag that is cleared when a page starts, or when it
 * looks healthy, is how reload loops have come about.
 */
import type { WatchPage } from "./watch-page.js";

const WINDOW_MS = 30 * 60_000;

/** With the load that brought the page, two more make three in half an hour. */
export const MAX_LOADS = 2;

/**
 * Counts the loads that this tab tried in the last half hour.
 *
 * @param key `tideline:<the build that ran>:<what the load was for>`; nothing after the second colon
 *   for a lost chunk.
 */
export function countLoads(page: WatchPage, key: string, now: number): number {
  const noted = `${page.recall("sessionStorage", key)}`;
  // By distance, so that a clock set back cannot make a note last for ever. Other text is no number.
  return noted.split(",").filter((at) => Math.abs(now - +at) < WINDOW_MS).length;
}

/** Loads the page again, and notes it once the page is really left. */
export function loadAgain(page: WatchPage, key: string, now: number): void {
  // Made here and not when the page is left: a second click notes the same load again.
  const noted = `${page.recall("sessionStorage", key)},${now}`;
  page.reload(() => page.remember("sessionStorage", key, noted));
}
