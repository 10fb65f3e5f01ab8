/**
 * Remembers which loads were tried, so that a host that keeps serving an old page cannot make a tab
 * load for ever. Entries end by age alone: a flag that is cleared when a page starts, or when it
 * looks healthy, is how reload loops have come about.
 */
import type { WatchPage } from "./watch-page.js";

const WINDOW_MS = 30 * 60_000;
const KEY = "tideline:loads";

/** With the load that brought the page, two more make three in half an hour. */
export const MAX_LOADS = 2;

/** One load: the build that ran, the deployment it was for ("" if that was not known), and when. */
export type Load = readonly [running: string, deployment: string, at: number];

/** Gives the loads of this tab in the last half hour, oldest first. */
export function readLoads(page: WatchPage, now: number): Load[] {
  try {
    // By distance, so that a clock set back cannot make an entry last for ever.
    return JSON.parse(page.recall("sessionStorage", KEY) ?? "").filter(
      (load: Load) => Math.abs(now - load[2]) < WINDOW_MS,
    );
  } catch {
    // Nothing kept, or somebody else's text under our key.
    return [];
  }
}

/** Loads the page again, and notes it as the tab's newest load once the page is really left. */
export function loadAgain(page: WatchPage, running: string, deployment: string, now: number): void {
  // Made here and not when the page is left: a second click notes the same load again.
  const loads = JSON.stringify([...readLoads(page, now), [running, deployment, now]]);
  page.reload(() => page.remember("sessionStorage", KEY, loads));
}
