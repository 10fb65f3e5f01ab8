import type { LatestDeployment } from "@tideline/version";
import { createVersionWatch, type VersionWatch, type WatchPage } from "@tideline/watch";
import type { MemoryLedger, Subscription } from "../interleavings/memory-ledger.js";
import { APP, stampOf } from "./deployer.js";
import type { Region } from "./region.js";
import type { VirtualClock } from "./virtual-clock.js";

/**
 * A tab that has one region's page open and runs the real watch in it, `judge` and the look at the
 * page's own document included. Outlives its pages, as its storage does.
 */
export class Tab {
  readonly region: Region;
  /** What the page that is open was built as. */
  build = "";
  /** Loads that a person asked for by the notice. */
  reloads = 0;
  /** Those of them that brought the build that was there before. */
  futileReloads = 0;
  readonly #ledger: MemoryLedger;
  readonly #clock: VirtualClock;
  readonly #storage = new Map<string, string>();
  #watch: VersionWatch | null = null;
  #subscription: Subscription | null = null;
  #hear: (latest: LatestDeployment | null) => void = () => {};
  #leave: () => void = () => {};

  constructor(region: Region, ledger: MemoryLedger, clock: VirtualClock) {
    this.region = region;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#load();
  }

  /** True while the page asks the person to refresh. */
  get isOffered(): boolean {
    return this.#watch?.getSnapshot().state === "offered";
  }

  /** True while an answer is on its way to the page. */
  get isStale(): boolean {
    return this.#subscription?.isStale() ?? false;
  }

  /** Lets the page hear what the ledger says now, if that is news. */
  async deliver(): Promise<void> {
    const subscription = this.#subscription;
    if (!subscription?.isStale()) return;
    this.#hear((await subscription.read()) as LatestDeployment | null);
    // The first look at the host comes at once.
    await this.#clock.pass(0);
  }

  /** A person presses Refresh. */
  async click(): Promise<void> {
    this.#watch?.refresh();
    await settle();
  }

  /** Closes the tab. */
  close(): void {
    this.#leave();
  }

  #load(): void {
    this.#leave();
    this.build = this.region.request();
    const { environment } = this.region;
    const stamp = stampOf({ buildId: this.build, gitCommit: null }, environment);
    let isOpen = true;
    const watch = createVersionWatch({
      stamp,
      appName: APP,
      environment,
      page: this.#page(),
      now: () => this.#clock.now,
      after: (run, delayMs) =>
        this.#clock.after(async () => {
          if (!isOpen) return;
          run();
          await settle();
        }, delayMs),
      source: {
        subscribe: ({ appName, environment, buildId }, hear) => {
          const query = { appName, environment, ...(buildId !== undefined && { buildId }) };
          const subscription = this.#ledger.subscribe("watchLatestDeployment", query);
          this.#subscription = subscription;
          this.#hear = hear;
          return () => subscription.end();
        },
      },
    });
    const stop = watch.subscribe(() => {});
    this.#watch = watch;
    this.#leave = () => {
      isOpen = false;
      stop();
    };
  }

  #page(): WatchPage {
    return {
      servedBuild: async () => this.region.request(),
      reload: (onLeave) => {
        onLeave();
        const before = this.build;
        this.#load();
        this.reloads++;
        if (this.build === before) this.futileReloads++;
      },
      listen: () => {},
      recall: (memory, key) => this.#storage.get(memory + key) ?? null,
      remember: (memory, key, text) => void this.#storage.set(memory + key, text),
    };
  }
}

/** The page's looks at the host are answered at once; what awaits them needs a few turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await null;
}
