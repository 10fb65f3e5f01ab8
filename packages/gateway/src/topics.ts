/**
 * The topics of all targets over one connection to the ledger: subscribes them, tells them whether it
 * is away, and gathers what changes in one moment into one message. Which of a target's builds has
 * a subscription is the builds' affair (builds.ts).
 */
import type { LatestDeployment } from "@tideline/version";
import type { ConnectionState, ConvexConnection } from "@tideline/watch/convex";
import { Builds } from "./builds.js";
import type { Log } from "./log.js";
import { type Target, targetKey } from "./target.js";
import type { Topic } from "./topic.js";
import type { PreparedMessage } from "./version-message.js";

type MaybePromise<Value> = Value | Promise<Value>;

/** What the topics need. */
export interface TopicsOptions {
  readonly ledger: ConvexConnection;
  readonly targets: readonly Target[];
  readonly maxBuildsPerTarget: number;
  /** How long a topic is kept after its last client. */
  readonly lingerMs: number;
  /** How long a first answer may take before clients are told that there is none. */
  readonly settleMs: number;
  readonly log: Log;
  /** Called with what the clients of some topics are to be sent: their message is another, or is the first. */
  readonly onMessage: (topics: Topic[], message: PreparedMessage, isFirst: boolean) => void;
}

/** All topics of a gateway. */
export class Topics {
  readonly #options: TopicsOptions;
  readonly #targets = new Map<string, Builds>();
  readonly #changed = new Set<Topic>();
  #flush: NodeJS.Immediate | null = null;
  #isAway: boolean;
  readonly #stopListening: () => void;

  constructor(options: TopicsOptions) {
    this.#options = options;
    const { ledger, targets } = options;
    this.#isAway = ledger.state() === "away";
    this.#stopListening = ledger.onStateChange((state) => this.#hearState(state));
    const { maxBuildsPerTarget: maxBuilds, lingerMs, settleMs, onMessage } = options;
    for (const target of targets) {
      const builds = new Builds({
        ...{ target, maxBuilds, lingerMs, settleMs, onMessage },
        subscribe: (topic) => this.#subscribe(topic),
        onChange: (topic) => this.#note(topic),
      });
      this.#targets.set(targetKey(target), builds);
    }
  }

  /** True while the ledger is away, or was never heard about one of the targets. */
  get isStale(): boolean {
    if (this.#isAway) return true;
    for (const { shared } of this.#targets.values()) if (shared.latest === undefined) return true;
    return false;
  }

  /** How many subscriptions there are. */
  get count(): number {
    let count = 0;
    for (const { subscriptions } of this.#targets.values()) count += subscriptions;
    return count;
  }

  /** The epoch of every target that was heard of, 0 before its first record. */
  epochs(): (Target & { readonly epoch: number })[] {
    return [...this.#targets.values()].flatMap(({ shared: { target, latest } }) =>
      latest === undefined ? [] : [{ ...target, epoch: latest?.epoch ?? 0 }],
    );
  }

  /** Every topic. */
  *all(): Iterable<Topic> {
    for (const builds of this.#targets.values()) yield* builds.all();
  }

  /**
   * Gives the topic for a client, which joins it in the same turn.
   *
   * @param target One of the gateway's.
   * @param buildId Null for a client that has no build to speak of.
   * @returns Undefined if the gateway does not serve the target.
   */
  join(target: Target, buildId: string | null): Topic | undefined {
    const builds = this.#targets.get(targetKey(target));
    return buildId === null ? builds?.shared : builds?.join(buildId);
  }

  /**
   * Asks what a client of a build is to know now.
   *
   * @returns What is known, at once; a promise where the ledger is asked, or has not answered yet.
   */
  ask(target: Target, buildId: string | null): MaybePromise<PreparedMessage | null> {
    const builds = this.#targets.get(targetKey(target));
    const topic = buildId === null ? builds?.shared : builds?.ask(buildId);
    if (topic === undefined) return null;
    const isTried = topic.isSharing && topic.isFollowing;
    return topic.message === null || isTried ? topic.settled : topic.message;
  }

  /** Keeps a topic for a while from now on: a client has left it. */
  keep(topic: Topic): void {
    if (topic.buildId !== null) this.#targets.get(targetKey(topic.target))?.keep(topic);
  }

  /** Ends all subscriptions. */
  close(): void {
    this.#stopListening();
    if (this.#flush !== null) clearImmediate(this.#flush);
    for (const builds of this.#targets.values()) builds.close();
  }

  #subscribe(topic: Topic): () => void {
    const { ledger, log } = this.#options;
    const { target, buildId } = topic;
    const query = { ...target, ...(buildId === null ? {} : { buildId }) };
    const hear = (latest: LatestDeployment | null | undefined) => {
      if (latest === undefined) return;
      if (!isDeployment(latest)) throw new TypeError("its answer is not a deployment");
      topic.hear(latest, this.#isAway);
    };
    const fail = (error: Error) => {
      // Every build's query fails as the shared one does.
      if (buildId === null) log.error?.(error.message);
      topic.fail();
    };
    // Nobody has to wait for an answer that cannot come.
    if (this.#isAway) topic.setStale(true);
    try {
      return ledger.source.subscribe(query, hear, fail);
    } catch (error) {
      fail(error as Error);
      return () => {};
    }
  }

  #hearState(state: ConnectionState): void {
    const isAway = state === "away";
    if (this.#isAway === isAway) return;
    this.#isAway = isAway;
    const { info, warn } = this.#options.log;
    if (isAway) warn?.("Ledger cannot be reached: clients are told what was heard last, as stale");
    else info?.("Ledger is back: what clients are told is fresh again");
    for (const topic of this.all()) topic.setStale(isAway);
  }

  /** A new answer and the end of an interruption come one after the other, and are one message. */
  #note(topic: Topic): void {
    this.#changed.add(topic);
    this.#flush ??= setImmediate(() => {
      this.#flush = null;
      const changed = new Set(this.#changed);
      this.#changed.clear();
      for (const builds of this.#targets.values()) builds.hear(changed);
    });
  }
}

/** The function's name is an option, so its answer may be anybody's. */
function isDeployment(latest: LatestDeployment | null): boolean {
  return (
    latest === null ||
    (typeof latest === "object" &&
      Number.isSafeInteger(latest.epoch) &&
      typeof latest.version === "string" &&
      typeof latest.buildId === "string")
  );
}
