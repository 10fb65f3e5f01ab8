/**
 * Follows one target for one page and decides what the page has to say (see watch-snapshot.ts for
 * the states). Owns the waiting, the loop guard and what was dismissed; leaves the rule to `judge`,
 * the connection to the source and everything of the DOM to the page.
 */
import { type BuildStamp, judge, type LatestDeployment } from "@tideline/version";
import { systemClock, type WatchClock } from "./clock.js";
import { createLoadGuard, MAX_LOADS } from "./load-guard.js";
import type { DeploymentSource } from "./source.js";
import type { WatchPage, WatchStorage } from "./watch-page.js";
import type { WatchSnapshot } from "./watch-snapshot.js";

// A rollout takes seconds or minutes; nobody gains from asking a host more often than this.
const LOOK_AFTER_MS = [0, 5_000, 30_000, 300_000] as const;
// Long enough to read one line.
const NOTE_MS = 10_000;
// Only a refused "Leave site?" or a broken navigation leaves the page here so long.
const STILL_HERE_MS = 15_000;

export interface VersionWatchOptions {
  /** What this page was built as, or null if its stamp is unreadable: then nothing is ever said. */
  readonly stamp: BuildStamp | null;
  readonly target: { readonly appName: string; readonly environment: string };
  readonly source: DeploymentSource;
  readonly page: WatchPage;
  readonly storage: WatchStorage;
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
  /** Ends the watch for good. */
  close(): void;
}

/**
 * Gives a watch over one target. It does nothing until it has a listener, and never throws: what is
 * wrong with the wiring is `setupError` in the snapshot.
 */
export function createVersionWatch(options: VersionWatchOptions): VersionWatch {
  const { stamp, target, source, page, storage, clock = systemClock } = options;
  const running = stamp?.buildId ?? "";
  const key = `tideline:${target.appName}:${target.environment}`;
  const query = { ...target, ...(stamp && { buildId: running }) };
  const guard = createLoadGuard(storage, key, clock, running);
  const listeners = new Set<() => void>();

  let snapshot: WatchSnapshot = {
    state: "listening",
    verdict: null,
    latest: null,
    stamp,
    setupError: null,
  };
  let bootEpoch: number | undefined;
  /** The deployment the page is behind ("<epoch>:<build id>"), or "" while it is behind none. */
  let deployment = "";
  let isLeaving = false;
  /** What to note in the guard when the page is left: a deployment, "" for a lost chunk. */
  let noteOnLeave: string | undefined;
  let step = 0;
  /** Counts the looks; only the newest may act on what it saw. */
  let look = 0;
  let cancelTimer = () => {};
  let stops: (() => void)[] = [];
  let isClosed = false;
  let hasWarned = false;

  function update(change: Partial<WatchSnapshot>): void {
    snapshot = { ...snapshot, ...change };
    for (const listener of listeners) listener();
  }

  function hear(latest: LatestDeployment | null): void {
    if (latest && !latest.clientBuild) {
      fail(new Error("Cannot follow deployments: the query's answer is not Tideline's"));
      return;
    }
    bootEpoch ??= latest?.epoch ?? 0;
    const verdict = judge(stamp, latest, bootEpoch);
    const heard = { verdict, latest, setupError: null };
    if (verdict.kind !== "outdated" || !latest) {
      deployment = "";
      isLeaving = false;
      rest();
      update({ ...heard, state: "listening" });
      return;
    }
    const name = `${latest.epoch}:${latest.buildId}`;
    if (name === deployment || isLeaving) {
      deployment = name;
      update(heard);
      settle();
      return;
    }
    deployment = name;
    // A load that was for this deployment, and here is the same build again.
    const isStuck = guard.count(name) > 0;
    step = isStuck ? 2 : 0;
    update({
      ...heard,
      state: isStuck ? "rolling-out" : snapshot.state === "offered" ? "offered" : "waiting",
    });
    schedule();
  }

  function fail(error: unknown): void {
    const setupError = error instanceof Error ? error.message : String(error);
    update({ setupError });
    if (hasWarned) return;
    hasWarned = true;
    (options.warn ?? console.warn)(setupError);
  }

  function rest(): void {
    look++;
    cancelTimer();
  }

  function schedule(): void {
    rest();
    const delayMs = LOOK_AFTER_MS[Math.min(step++, LOOK_AFTER_MS.length - 1)] ?? 0;
    if (snapshot.state === "rolling-out" && delayMs > NOTE_MS) {
      cancelTimer = clock.after(NOTE_MS, () => {
        update({ state: "waiting" });
        cancelTimer = clock.after(delayMs - NOTE_MS, lookNow);
      });
    } else {
      cancelTimer = clock.after(delayMs, lookNow);
    }
  }

  async function lookNow(): Promise<void> {
    rest();
    const mine = look;
    // A host that cannot be asked is no reason to send a person to it.
    const served = await page.servedBuild().catch(() => running);
    if (mine !== look) return;
    if (served === running || guard.count(deployment) >= MAX_LOADS) {
      if (snapshot.state === "offered" || snapshot.state === "dismissed") {
        update({ state: "waiting" });
      }
      schedule();
    } else {
      update({ state: "offered" });
      settle();
    }
  }

  /** Moves between `offered` and `dismissed` by what was dismissed, here or in another tab. */
  function settle(): void {
    const { state, verdict } = snapshot;
    if (state !== "offered" && state !== "dismissed") return;
    const isDismissed =
      storage.read("browser", key) === deployment &&
      verdict?.kind === "outdated" &&
      verdict.severity !== "critical";
    const next = isDismissed ? "dismissed" : "offered";
    if (state !== next) update({ state: next });
  }

  function leave(note: string | undefined): void {
    isLeaving = true;
    noteOnLeave = note;
    rest();
    update({ state: "refreshing" });
    cancelTimer = clock.after(STILL_HERE_MS, () => {
      isLeaving = false;
      update({ state: deployment ? "waiting" : "listening" });
      if (deployment) lookNow();
    });
    page.reload(note !== undefined && guard.count(note) > 0);
  }

  function refresh(): void {
    if (isLeaving) return;
    if (deployment && guard.count(deployment) >= MAX_LOADS) {
      step = LOOK_AFTER_MS.length;
      update({ state: "rolling-out" });
      schedule();
    } else {
      leave(deployment || undefined);
    }
  }

  async function recoverChunk(): Promise<void> {
    if (!stamp || isLeaving) return;
    const served = await page.servedBuild().catch(() => null);
    if (
      served &&
      served !== running &&
      !isLeaving &&
      guard.count(deployment) === 0 &&
      guard.countAutomatic() < MAX_LOADS
    ) {
      leave("");
    }
  }

  function checkNow(): void {
    source.check?.(query).then(
      (latest) => {
        // The live query may have overtaken this answer.
        if (stops.length && (latest?.epoch ?? 0) >= (snapshot.latest?.epoch ?? 0)) hear(latest);
      },
      () => {}, // No answer is no news: the live connection has the last word.
    );
    if (snapshot.state === "waiting" || snapshot.state === "rolling-out") lookNow();
  }

  function start(): void {
    page.arrive();
    stops = [
      page.onWake(checkNow),
      page.onLeave(() => {
        if (isLeaving && noteOnLeave !== undefined) guard.add(noteOnLeave);
      }),
      page.onChunkError(recoverChunk),
      storage.onChange(settle),
    ];
    if (snapshot.state === "waiting") {
      step = 0;
      schedule();
    }
    try {
      stops.push(source.subscribe(query, hear, fail));
    } catch (error) {
      fail(error);
    }
  }

  function stop(): void {
    rest();
    for (const end of stops) end();
    stops = [];
  }

  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1 && !isClosed) start();
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) stop();
      };
    },
    refresh,
    dismiss() {
      if (snapshot.state !== "offered") return;
      storage.write("browser", key, deployment);
      settle();
    },
    checkNow,
    close() {
      isClosed = true;
      listeners.clear();
      stop();
    },
  };
}
