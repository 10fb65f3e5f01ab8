/**
 * Follows one target for one page and decides what the page has to say (see watch-snapshot.ts for
 * the states). Owns the waiting, the loop guard and what was dismissed; leaves the rule to `judge`,
 * the connection to the source, everything of the DOM to the page, and who is told to its caller.
 */
import {
  type BuildStamp,
  judge,
  type LatestDeployment,
  type Severity,
  type Verdict,
} from "@tideline/version";
import { countLoads, MAX_LOADS } from "./load-guard.js";
import type { DeploymentQuery, DeploymentSource } from "./source.js";
import type { WatchPage } from "./watch-page.js";
import type { WatchState } from "./watch-snapshot.js";

/** What a watch is given to work with. */
export interface WatchTools {
  readonly source: DeploymentSource;
  readonly page: WatchPage;
  /** Gives the time in ms since epoch. @default Date.now */
  readonly now?: () => number;
  /** Calls back once; what came too late is ignored, so nothing is called off. @default setTimeout */
  readonly after?: (callback: () => void, delayMs: number) => unknown;
}

/** Takes in what a page has to say, and why; both null until the first answer. */
export type Tell = (
  state: WatchState,
  verdict: Verdict | null,
  latest: LatestDeployment | null,
) => void;

/**
 * The least that a notice needs: `createVersionWatch` without its snapshots and listeners.
 *
 * @param query The target, and the build that runs; "" if that cannot be read.
 * @param tell Called with each change, and now and then without one.
 * @param fail Called with what is wrong with the wiring; without a message when that is mended.
 */
export function followVersion(
  query: Required<DeploymentQuery>,
  { source, page, now = Date.now, after = setTimeout }: WatchTools,
  tell: Tell,
  fail: (error: { readonly message?: string }) => void,
) {
  const loadsKey = `tideline:${query.buildId}:`;
  const dismissedKey = `tideline:${query.appName}:${query.environment}`;
  let verdict: (Verdict & { readonly severity?: Severity }) | null = null;
  let latest: LatestDeployment | null = null;
  /** The lowest epoch heard: a ledger that was wiped or restored starts again below the first. */
  let bootEpoch = Infinity;
  /** What the page is behind, as "<epoch>:<build id>:<severity>"; "" while it is behind nothing. */
  let deployment = "";
  /** Truthy when the host served another build when it was asked last. */
  let isServed: unknown;
  /** What is shown for a while whatever else is true: a note, or what was there before a refresh. */
  let held: WatchState | false;
  /** Counts the looks at the host; only the newest may act on what it sees. */
  let turn = 0;

  const update = () => {
    const isDismissed = deployment === page.recall("localStorage", dismissedKey);
    const state = isDismissed ? "dismissed" : held || offer();
    tell(deployment ? state : "listening", verdict, latest);
  };

  const offer = () => (isServed ? "offered" : "waiting");

  const hear = (heard: LatestDeployment | null | undefined) => {
    if (heard === undefined) return;
    bootEpoch = Math.min(bootEpoch, heard?.epoch ?? 0);
    fail({});
    latest = heard;
    verdict = judge(query as BuildStamp, heard, bootEpoch);
    // Only what is outdated has a severity.
    const previous = deployment;
    deployment = verdict.severity ? `${heard?.epoch}:${heard?.buildId}:${verdict.severity}` : "";
    if (deployment !== previous) {
      // An offer stays up while the host is asked anew.
      isServed &&= deployment;
      // A load was for this very deployment, and here is the same build again.
      if (deployment && loads()) hold("rolling-out");
      else look(0);
    }
    update();
  };

  /** How many loads this build has tried for the deployment that it is behind. */
  const loads = () => countLoads(`${noted(loadsKey + deployment)},${noted(loadsKey)}`, now());

  const noted = (key: string) => page.recall("sessionStorage", key);

  /** Gives null for a host that cannot be asked. */
  const served = () => page.servedBuild().catch(() => null);

  /** Asks the host until it serves another build. A rollout takes seconds or minutes. */
  const look = (step: number) => {
    const mine = ++turn;
    if (!deployment) return;
    after(async () => {
      const found = mine === turn && (await served());
      if (mine !== turn) return;
      // A host that cannot be asked says nothing new.
      if (found !== null) isServed = found !== query.buildId && loads() < MAX_LOADS;
      if (!isServed) look(step + 1);
      update();
    }, [0, 5_000, 30_000][step] ?? 300_000);
  };

  /** Keeps a state up for 10 s: long enough to read one line, and for a load to begin. */
  const hold = (note: WatchState) => {
    held = note;
    isServed = false;
    look(2);
    after(() => {
      held = false;
      update();
    }, 10_000);
  };

  /** Asks the source and the host at once, as after a wake-up. */
  const checkNow = () => {
    const known = latest;
    source
      .check?.(query)
      // The live query may have overtaken this answer.
      .then((found) => latest === known && hear(found))
      .catch(() => {}); // No answer is no news: the live connection has the last word.
    look(0);
  };

  return {
    checkNow,

    /** Starts to follow, also again. @returns A function that ends it. */
    start() {
      // Before the first look, the first start.
      if (!turn) page.listen(checkNow, update);
      look(0);
      const stop = source.subscribe(query, hear, fail);
      return () => {
        turn++;
        stop();
      };
    },

    async refresh() {
      if (held) return;
      // Further clicks count for nothing meanwhile.
      hold(offer());
      // To load a page that cannot be reached is to throw this one away.
      if ((await served()) === null || (deployment && loads() >= MAX_LOADS)) hold("rolling-out");
      // Nobody counts the loads of a page that is behind nothing.
      else {
        const key = loadsKey + (deployment || "none");
        // Made here and not when the page is left: a second click notes the same load again.
        const loads = `${noted(key)},${now()}`;
        page.reload(() => page.remember("sessionStorage", key, loads));
      }
      update();
    },

    dismiss() {
      if (verdict?.severity !== "normal") return;
      page.remember("localStorage", dismissedKey, deployment);
      // Where the browser refuses to remember, it is hidden until the host is asked again.
      isServed = false;
      update();
    },
  };
}
