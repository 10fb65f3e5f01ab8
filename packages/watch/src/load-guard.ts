/**
 * Remembers which loads were tried, so that a host that keeps serving an old page cannot make a tab
 * load for ever. Entries end by age alone: a flag that is cleared when a page starts, or when it
 * looks healthy, is how reload loops have come about.
 */
import type { WatchPage } from "./watch-page.js";

/** With the load that brought the page, two more make three in half an hour. */
export const MAX_LOADS = 2;

/**
 * Gives what is noted of a tab's loads.
 *
 * @param key `tideline:<the build that ran>:<what the load was for>`; nothing after the second colon
 *   for a lost chunk.
 */
export const recallLoads = (page: WatchPage, key: string): string =>
  page.recall("sessionStorage", key) ?? "";

/** Counts the loads of the last half hour. */
export const countLoads = (noted: string, now: number): number =>
  // By distance, so that a clock set back cannot make a note last for ever. Other text is no number.
  noted.split(",").filter((at) => Math.abs(now - +at) < 30 * 60_000).length;

/** Loads the page again, and notes it once the page is really left. */
export const loadAgain = (page: WatchPage, key: string, now: number): void => {
  // Made here and not when the page is left: a second click notes the same load again.
  const noted = `${recallLoads(page, key)},${now}`;
  page.reload(() => page.remember("sessionStorage", key, noted));
};
