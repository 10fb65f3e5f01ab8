/**
 * Follows one target for one page and decides what the page has to say (see watch-snapshot.ts for
 * the states). Owns the waiting, the loop guard and what was dismissed; leaves the rule to `judge`,
 * the connection to the source and everything of the DOM to the page.
 */
import { type BuildStamp, judge, type LatestDeployment } from "@tideline/version";
import { countLoads, loadAgain, MAX_LOADS } from "./load-guard.js";
import type { DeploymentSource } from "./source.js";
import type { WatchPage } from "./watch-page.js";
import { NOTHING_HEARD, type WatchSnapshot, type WatchState } from "./watch-snapshot.js";

// A rollout takes seconds or minutes; nobody gains from asking a host more often than this.
const LOOK_AFTER_MS = [0, 5_000, 30_000];

export interface VersionWatchOptions {
  /** What this page was built as, or null if its stamp is unreadable: then nothing is ever said. */
  readonly stamp: BuildStamp | null;
  /** With `environment`: the target whose deployments are meant. */
  readonly appName: string;
  readonly environment: string;
  readonly source: DeploymentSource;
  readonly page: WatchPage;
  /** Gives the time in ms since epoch. @default Date.now */
  readonly now?: () => number;
  /** Calls back once; what came too late is ignored, so nothing is called off. @default setTimeout */
  readonly after?: (callback: () => void, delayMs: number) => unknown;
}

export interface VersionWatch {
  getSnapshot(): WatchSnapshot;
  /** The first listener starts the watch; when the last is gone it rests, and keeps what it knows. */
  subscribe(listener: () => void): () => void;
  /**
   * Loads the page again, once however often it is called, after a look at the host. Does not load
   * when the host cannot be reached, or when a page that is behind would get the same build: it then
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
  appName,
  environment,
  source,
  page,
  now = Date.now,
  after = setTimeout,
}: VersionWatchOptions): VersionWatch {
  const running = stamp?.buildId ?? "";
  const query = { appName, environment, buildId: running };
  const loadsKey = `tideline:${running}:`;
  const dismissedKey = `tideline:${appName}:${environment}`;
  const listeners = new Set<() => void>();
  let stop = () => {};
  let snapshot: WatchSnapshot = { ...NOTHING_HEARD, stamp };
  /** The lowest epoch heard: a ledger that was wiped or restored starts again below the first. */
  let bootEpoch = Infinity;
  /** What the page is behind, as "<epoch>:<build id>:<severity>"; "" while it is behind nothing. */
  let deployment = "";
  /** The host served another build when it was asked last. */
  let isServed = false;
  /** What is shown for a while whatever else is true: a note, or what was there before a refresh. */
  let held: WatchState | undefined;
  /** Counts the looks at the host; only the newest may act on what it sees. */
  let turn = 0;

  const update = (change?: Partial<WatchSnapshot>) => {
    let state: WatchState = "listening";
    if (deployment) {
      if (deployment === page.recall("localStorage", dismissedKey)) state = "dismissed";
      else state = held ?? (isServed ? "offered" : "waiting");
    }
    snapshot = { ...snapshot, ...change, state };
    for (const listener of listeners) listener();
  };

  const hear = (latest: LatestDeployment | null | undefined) => {
    if (latest === undefined) return;
    bootEpoch = Math.min(bootEpoch, latest?.epoch ?? 0);
    const verdict = judge(stamp, latest, bootEpoch);
    const previous = deployment;
    deployment =
      verdict.kind === "outdated" ? `${latest?.epoch}:${latest?.buildId}:${verdict.severity}` : "";
    if (deployment !== previous) {
      // An offer stays up while the host is asked anew.
      isServed &&= deployment !== "";
      // A load was for this very deployment, and here is the same build again.
      if (deployment && loads()) hold("rolling-out");
      else look(0);
    }
    update({ verdict, latest, setupError: null });
  };

  const fail = ({ message }: Error) => {
    if (message !== snapshot.setupError) console.warn(message);
    update({ setupError: message });
  };

  /** How many loads this build has tried for the deployment that it is behind. */
  const loads = () =>
    countLoads(page, loadsKey + deployment, now()) + countLoads(page, loadsKey, now());

  /** Asks the host until it serves another build. */
  const look = (step: number) => {
    const mine = ++turn;
    if (!deployment) return;
    after(async () => {
      if (mine !== turn) return;
      const served = await page.servedBuild().catch(() => null);
      if (mine !== turn) return;
      // A host that cannot be asked says nothing new.
      if (served !== null) isServed = served !== running && loads() < MAX_LOADS;
      if (!isServed) look(step + 1);
      update();
    }, LOOK_AFTER_MS[step] ?? 300_000);
  };

  /** Keeps a state up for 10 s: long enough to read one line, and for a load to begin. */
  const hold = (state: WatchState) => {
    held = state;
    isServed = false;
    look(2);
    after(() => {
      held = undefined;
      update();
    }, 10_000);
  };

  const checkNow = () => {
    if (!listeners.size) return;
    const known = snapshot.latest;
    source
      .check?.(query)
      .then((latest) => {
        // The live query may have overtaken this answer.
        if (snapshot.latest === known) hear(latest);
      })
      .catch(() => {}); // No answer is no news: the live connection has the last word.
    look(0);
  };

  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) {
        // Before the first look, the first start.
        if (!turn) page.listen(checkNow, () => update());
        look(0);
        try {
          stop = source.subscribe(query, hear, fail);
        } catch (error) {
          fail(error as Error);
        }
      }
      return () => {
        if (!listeners.delete(listener) || listeners.size) return;
        turn++;
        stop();
      };
    },
    async refresh() {
      if (held) return;
      // Further clicks count for nothing meanwhile.
      hold(snapshot.state);
      // To load a page that cannot be reached is to throw this one away.
      const served = await page.servedBuild().catch(() => null);
      if (served === null || (deployment && loads() >= MAX_LOADS)) hold("rolling-out");
      // Nobody counts the loads of a page that is behind nothing.
      else loadAgain(page, loadsKey + (deployment || "none"), now());
      update();
    },
    dismiss() {
      if (!deployment.endsWith("normal")) return;
      page.remember("localStorage", dismissedKey, deployment);
      // Where the browser refuses to remember, it is hidden until the host is asked again.
      isServed = false;
      update();
    },
    checkNow,
  };
}
