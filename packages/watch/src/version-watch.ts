/**
 * Follows one target for one page and decides what the page has to say (see watch-snapshot.ts for
 * the states). Owns the waiting, the loop guard and what was dismissed; leaves the rule to `judge`,
 * the connection to the source and everything of the DOM to the page.
 */
import { type BuildStamp, judge, type LatestDeployment } from "@tideline/version";
import { systemClock, type WatchClock } from "./clock.js";
import { loadAgain, MAX_LOADS, readLoads } from "./load-guard.js";
import type { DeploymentSource } from "./source.js";
import type { WatchPage } from "./watch-page.js";
import { NOTHING_HEARD, type WatchSnapshot } from "./watch-snapshot.js";

// A rollout takes seconds or minutes; nobody gains from asking a host more often than this.
const LOOK_AFTER_MS = [0, 5_000, 30_000];
const LAST_LOOK_AFTER_MS = 300_000;
// Long enough to read one line.
const NOTE_MS = 10_000;

export interface VersionWatchOptions {
  /** What this page was built as, or null if its stamp is unreadable: then nothing is ever said. */
  readonly stamp: BuildStamp | null;
  readonly target: { readonly appName: string; readonly environment: string };
  readonly source: DeploymentSource;
  readonly page: WatchPage;
  /** @default the real clock */
  readonly clock?: WatchClock;
  /** Told of a setup error, once. @default console.warn */
  readonly warn?: (sentence: string) => void;
}

export interface VersionWatch {
  getSnapshot(): WatchSnapshot;
  /** The first listener starts the watch; when the last is gone it rests, and keeps what it knows. */
  subscribe(listener: () => void): () => void;
  /**
   * Loads the page again. Does not when two loads in half an hour brought the same build: it then
   * says "rolling-out" instead.
   */
  refresh(): void;
  /** Hides the offer for this deployment, in all tabs of the browser. Nothing if it is critical. */
  dismiss(): void;
  /** Asks the source and the host at once, as after a wake-up. */
  checkNow(): void;
}

/**
 * Gives a watch over one target. It does nothing until it has a listener, and never throws: what is
 * wrong with the wiring is `setupError` in the snapshot.
 */
export function createVersionWatch({
  stamp,
  target,
  source,
  page,
  clock = systemClock,
  warn = console.warn,
}: VersionWatchOptions): VersionWatch {
  const running = stamp?.buildId ?? "";
  const query = { ...target, buildId: running };
  const key = `tideline:${target.appName}:${target.environment}`;
  const listeners = new Set<() => void>();
  const stops: (() => void)[] = [];
  let snapshot: WatchSnapshot = { ...NOTHING_HEARD, stamp };
  let bootEpoch: number | undefined;
  /** The deployment the page is behind ("<epoch>:<build id>"), or "" while it is behind none. */
  let deployment = "";
  /** Counts the looks at the host; only the newest may act on what it sees. */
  let turn = 0;
  let hasWarned = false;

  const update = (change: Partial<WatchSnapshot>) => {
    snapshot = { ...snapshot, ...change };
    for (const listener of listeners) listener();
  };

  const hear = (latest: LatestDeployment | null) => {
    bootEpoch ??= latest?.epoch ?? 0;
    const verdict = judge(stamp, latest, bootEpoch);
    const previous = deployment;
    deployment = verdict.kind === "outdated" ? `${latest?.epoch}:${latest?.buildId}` : "";
    let { state } = snapshot;
    if (!deployment) state = "listening";
    else if (deployment !== previous && state !== "offered") state = "waiting";
    update({ verdict, latest, state, setupError: null });
    if (deployment === previous) settle();
    // A load was for this very deployment, and here is the same build again.
    else if (deployment && countLoads()) pause(2);
    else look(0);
  };

  const fail = ({ message }: Error) => {
    if (!hasWarned) warn(message);
    hasWarned = true;
    update({ setupError: message });
  };

  /** How many loads this build has tried for the deployment that it is behind. */
  const countLoads = () =>
    readLoads(page, clock.now()).filter(
      ([build, name]) => build === running && (!name || name === deployment),
    ).length;

  /** Asks the host until it serves another build. */
  const look = (step: number) => {
    const mine = ++turn;
    if (!deployment) return;
    clock.after(LOOK_AFTER_MS[step] ?? LAST_LOOK_AFTER_MS, async () => {
      if (mine !== turn) return;
      // A host that cannot be asked is no reason to send a person to it.
      const served = await page.servedBuild().catch(() => running);
      if (mine !== turn) return;
      if (served === running || countLoads() >= MAX_LOADS) {
        update({ state: "waiting" });
        look(step + 1);
      } else {
        update({ state: "offered" });
        settle();
      }
    });
  };

  /** Says that the new build is still on its way, and then looks on. */
  const pause = (step: number) => {
    update({ state: "rolling-out" });
    clock.after(NOTE_MS, () => {
      if (snapshot.state === "rolling-out") update({ state: "waiting" });
    });
    look(step);
  };

  /** Moves between `offered` and `dismissed`, by what a person said here or in another tab. */
  const settle = () => {
    const { state, verdict } = snapshot;
    if (state !== "offered" && state !== "dismissed") return;
    const isDismissed =
      page.recall("localStorage", key) === deployment &&
      verdict?.kind === "outdated" &&
      verdict.severity === "normal";
    update({ state: isDismissed ? "dismissed" : "offered" });
  };

  const checkNow = () => {
    source
      .check?.(query)
      .then((latest) => {
        // The live query may have overtaken this answer.
        if (latest && latest.epoch >= (snapshot.latest?.epoch ?? 0)) hear(latest);
      })
      .catch(() => {}); // No answer is no news: the live connection has the last word.
    look(0);
  };

  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      if (!stops.length) {
        stops.push(page.listen(checkNow, settle));
        look(0);
        try {
          stops.push(source.subscribe(query, hear, fail));
        } catch (error) {
          fail(error as Error);
        }
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size) return;
        turn++;
        for (const stop of stops.splice(0)) stop();
      };
    },
    refresh() {
      if (countLoads() < MAX_LOADS) loadAgain(page, running, deployment, clock.now());
      else pause(LOOK_AFTER_MS.length);
    },
    dismiss() {
      page.remember("localStorage", key, deployment);
      settle();
    },
    checkNow,
  };
}
