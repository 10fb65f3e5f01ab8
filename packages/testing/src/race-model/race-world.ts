/**
 * Two regions, the jobs that deploy to them, a job that reconciles, and tabs, all taking turns by
 * chance. The ledger's functions, the commands of the jobs, `judge` and the watch in the tabs are the
 * real ones; the hosts, the time and the people are not. A switch of a region is atomic, and a look by a job never lies.
 */
import { MemoryLedger } from "../interleavings/memory-ledger.js";
import type { Random } from "../interleavings/random.js";
import { deploy, reconcile } from "./deployer.js";
import { type Build, Region } from "./region.js";
import { SteppedJob } from "./stepped-job.js";
import { Tab } from "./tab.js";
import { VirtualClock } from "./virtual-clock.js";

const MINUTE = 60_000;
// Of a job that covers two regions and meets nobody: two announcements, and for each region the
// switch, begin, a look, three looks, finish, a look.
const STEPS = 18;

/** What may go wrong in a world, and what is done about it. */
export interface RaceConfiguration {
  readonly name: string;
  /** Jobs that may run at the same time. */
  readonly jobs: number;
  /** The part of the requests of pages that brings the build before, until a node is refreshed. */
  readonly staleChance: number;
  /** The part of the jobs that dies at one of its steps. */
  readonly crashChance: number;
  /** How far runners' clocks may be off, either way. */
  readonly skewMs: number;
  /** Whether what is served is recorded from time to time by a job that deploys nothing. */
  readonly reconciles: boolean;
}

/** How one world ended. */
export interface RaceOutcome {
  readonly tabs: number;
  readonly deployments: number;
  readonly crashes: number;
  /** Jobs that ended with the word that what is served may not be recorded. */
  readonly failures: number;
  readonly reloads: number;
  readonly futileReloads: number;
  /** Tabs that run another build than their region serves, and are not told. */
  readonly missed: number;
  /** Tabs that are asked to refresh again and again. */
  readonly endless: number;
}

/** Plays one world to its rest. */
export async function playRace(
  configuration: RaceConfiguration,
  random: Random,
  setSystemTime: (now: number) => void,
): Promise<RaceOutcome> {
  const world = new RaceWorld(configuration, random, setSystemTime);
  await world.begin();
  const steps = 40 + random.whole(60);
  for (let i = 0; i < steps; i++) await world.step();
  return await world.rest();
}

class RaceWorld {
  readonly #configuration: RaceConfiguration;
  readonly #random: Random;
  readonly #clock: VirtualClock;
  readonly #ledger = new MemoryLedger();
  readonly #regions: readonly Region[];
  readonly #tabs: Tab[] = [];
  readonly #deployed: Build[] = [{ buildId: "build-0", gitCommit: "0".repeat(40) }];
  readonly #jobs: { readonly job: SteppedJob; stepsLeft: number }[] = [];
  #deployments = 0;
  #crashes = 0;
  #failures = 0;

  constructor(
    configuration: RaceConfiguration,
    random: Random,
    setSystemTime: (now: number) => void,
  ) {
    this.#configuration = configuration;
    this.#random = random;
    this.#clock = new VirtualClock(setSystemTime);
    const [first] = this.#deployed as [Build];
    this.#regions = ["europe", "america"].map(
      (name) => new Region(name, first, configuration.staleChance, random),
    );
  }

  /** Records what is served at first: of a build from before the first record nothing is known. */
  async begin(): Promise<void> {
    this.#startReconciling();
    await this.#endJobs();
  }

  /** Lets one of them, chosen by chance, take one step. */
  async step(): Promise<void> {
    const choice = this.#random.whole(100);
    if (choice < 12) this.#startJob();
    else if (choice < 60) await this.#stepJob();
    else if (choice < 68) this.#openTab();
    else if (choice < 84) await this.#anyTab()?.deliver();
    else if (choice < 90) await this.#clickIfOffered(this.#anyTab());
    else if (choice < 96) await this.#passTime(this.#random.whole(15 * MINUTE));
    else if (choice < 98) this.#random.pick(this.#regions).purge();
    else if (this.#configuration.reconciles) this.#startReconciling();
  }

  /** Ends the jobs, lets nodes and announcements run out, and lets every tab come to rest. */
  async rest(): Promise<RaceOutcome> {
    await this.#endJobs();
    if (this.#configuration.reconciles) {
      this.#startReconciling();
      await this.#endJobs();
    }
    for (const region of this.#regions) region.purge();
    // Beyond announcements (30 min), and the half hour in which a tab counts its loads.
    await this.#passTime(40 * MINUTE);
    const asked = new Map(this.#tabs.map((tab) => [tab, 0]));
    // Longer than the 300 s between two looks at a host, so that each round has one.
    for (let round = 0; round < 4; round++) {
      for (const tab of this.#tabs) {
        await tab.deliver();
        if (!tab.isOffered) continue;
        asked.set(tab, (asked.get(tab) ?? 0) + 1);
        await tab.click();
      }
      await this.#passTime(6 * MINUTE);
    }
    for (const tab of this.#tabs) tab.close();
    const count = (counts: (tab: Tab) => boolean) => this.#tabs.filter(counts).length;
    return {
      tabs: this.#tabs.length,
      deployments: this.#deployments,
      crashes: this.#crashes,
      failures: this.#failures,
      reloads: this.#tabs.reduce((sum, tab) => sum + tab.reloads, 0),
      futileReloads: this.#tabs.reduce((sum, tab) => sum + tab.futileReloads, 0),
      missed: count((tab) => tab.build !== tab.region.served.buildId),
      // Every node has the newest build, so one load is all that a tab can need.
      endless: count((tab) => (asked.get(tab) ?? 0) > 1),
    };
  }

  #startJob(): void {
    if (this.#jobs.length >= this.#configuration.jobs) return;
    const random = this.#random;
    const older = random.pick(this.#deployed);
    const choice = random.whole(100);
    // Most deploy a new commit; some the one before once more, go back on purpose, run an old job
    // again, or build an old state anew under a new commit, as a revert does.
    const isOld = choice < 35;
    const build = isOld ? older : this.#newBuild(choice < 45 ? older.buildId : null);
    const number = ++this.#deployments;
    const crashes = random.chance(this.#configuration.crashChance);
    const skewMs = (random.whole(2_001) / 1_000 - 1) * this.#configuration.skewMs;
    const job = {
      ledger: this.#ledger,
      regions: random.chance(0.5) ? this.#regions : this.#regions.toReversed(),
      build,
      isRollback: isOld && choice < 25,
      run: `run-${number}`,
      runnerNow: () => this.#clock.now + skewMs,
    };
    this.#jobs.push({
      job: new SteppedJob(async (turn) => {
        if (!(await deploy(job, turn))) this.#failures++;
      }),
      stepsLeft: crashes ? random.whole(STEPS) : Infinity,
    });
  }

  #newBuild(buildId: string | null): Build {
    const number = this.#deployed.length;
    const build = {
      buildId: buildId ?? `build-${number}`,
      gitCommit: number.toString(16).padStart(40, "0"),
    };
    this.#deployed.push(build);
    return build;
  }

  #startReconciling(): void {
    for (const region of this.#regions) {
      const job = new SteppedJob((turn) => reconcile(this.#ledger, region, turn));
      this.#jobs.push({ job, stepsLeft: Infinity });
    }
  }

  async #endJobs(): Promise<void> {
    while (this.#jobs.length > 0) await this.#stepJob();
  }

  async #stepJob(): Promise<void> {
    if (this.#jobs.length === 0) return;
    const index = this.#random.whole(this.#jobs.length);
    const [running] = this.#jobs.slice(index, index + 1);
    if (running === undefined) return;
    const isCrash = running.stepsLeft-- <= 0;
    if (isCrash) this.#crashes++;
    if (isCrash || (await running.job.step())) this.#jobs.splice(index, 1);
  }

  #openTab(): void {
    this.#tabs.push(new Tab(this.#random.pick(this.#regions), this.#ledger, this.#clock));
  }

  #anyTab(): Tab | null {
    return this.#tabs.length === 0 ? null : this.#random.pick(this.#tabs);
  }

  async #clickIfOffered(tab: Tab | null): Promise<void> {
    if (tab?.isOffered) await tab.click();
  }

  async #passTime(ms: number): Promise<void> {
    await this.#clock.pass(ms);
    await this.#ledger.runScheduled(this.#clock.now);
  }
}
