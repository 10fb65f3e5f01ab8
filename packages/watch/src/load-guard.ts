/**
 * Remembers which loads were tried, so that a host that keeps serving an old page cannot make a tab
 * load for ever. Entries end by age alone: a flag that is cleared when the page starts, or when it
 * looks healthy, is how reload loops have come about.
 */
import type { WatchClock } from "./clock.js";
import type { WatchStorage } from "./watch-page.js";

// With the load that started it, two more make three in half an hour.
const WINDOW_MS = 30 * 60_000;

/** The most loads that one deployment may cost a tab within half an hour. */
export const MAX_LOADS = 2;

/** One load: the build that ran, the deployment it was for ("" for a lost chunk), and when. */
type Load = readonly [running: string, deployment: string, at: number];

export interface LoadGuard {
  /** How many loads this build has tried for the deployment, those for lost chunks included. */
  count(deployment: string): number;
  /** How many loads were made for lost chunks, by any build. */
  countAutomatic(): number;
  add(deployment: string): void;
}

/** Gives the guard of one running build, kept in the tab's storage under `key`. */
export function createLoadGuard(
  storage: WatchStorage,
  key: string,
  clock: WatchClock,
  running: string,
): LoadGuard {
  const read = (): Load[] => {
    try {
      const loads: Load[] = JSON.parse(storage.read("tab", key) ?? "[]");
      // By distance, so that a clock set back cannot make an entry last for ever.
      return loads.filter((load) => Math.abs(clock.now() - load[2]) < WINDOW_MS);
    } catch {
      // Somebody else's text under our key: as good as nothing.
      return [];
    }
  };
  return {
    count: (deployment) =>
      read().filter((load) => load[0] === running && (!load[1] || load[1] === deployment)).length,
    countAutomatic: () => read().filter((load) => !load[1]).length,
    add: (deployment) =>
      storage.write("tab", key, JSON.stringify([...read(), [running, deployment, clock.now()]])),
  };
}
