/**
 * The topics that are open: one for each target and build that somebody asks for, up to a number,
 * and one for each target that all others share. Decides when a topic opens and ends, and gathers
 * what changes in one moment into one message.
 */
import type { LatestDeployment } from "@tideline/version";
import type { ConnectionState, ConvexConnection } from "@tideline/watch/convex";
import type { Log } from "./log.js";
import { type Target, targetKey } from "./target.js";
import { Topic } from "./topic.js";
import type { PreparedMessage } from "./version-message.js";

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
  /** Called once for each topic whose message is another, or is the first. */
  readonly onMessage: (topic: Topic, message: PreparedMessage, isFirst: boolean) => void;
}

interface Builds {
  readonly shared: Topic;
  readonly byBuild: Map<string, Build>;
}

interface Build {
  readonly topic: Topic;
  readonly linger: NodeJS.Timeout;
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
    for (const target of targets) {
      const shared = this.#open(target, null, null);
      this.#targets.set(targetKey(target), { shared, byBuild: new Map() });
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
    for (const { byBuild } of this.#targets.values()) count += 1 + byBuild.size;
    return count;
  }

  /** The epoch of every target that was heard of, 0 before its first record. */
  epochs(): (Target & { readonly epoch: number })[] {
    return [...this.#targets.values()].flatMap(({ shared: { target, latest } }) =>
      latest === undefined ? [] : [{ ...target, epoch: latest?.epoch ?? 0 }],
    );
  }

  /** Every open topic. */
  *all(): Iterable<Topic> {
    for (const { shared, byBuild } of this.#targets.values()) {
      yield shared;
      for (const { topic } of byBuild.values()) yield topic;
    }
  }

  /**
   * Gives the topic for a build, opened or kept open for a while.
   *
   * @param target One of the gateway's.
   * @param buildId Null for the one that tells nothing of any build.
   * @returns The target's shared topic where there are too many builds already; undefined if the
   *   gateway does not serve the target.
   */
  find(target: Target, buildId: string | null): Topic | undefined {
    const builds = this.#targets.get(targetKey(target));
    if (builds === undefined || buildId === null) return builds?.shared;
    const { byBuild, shared } = builds;
    const known = byBuild.get(buildId);
    if (known !== undefined) {
      known.linger.refresh();
      return known.topic;
    }
    if (byBuild.size >= this.#options.maxBuildsPerTarget && !this.#endIdle(byBuild)) return shared;
    const topic = this.#open(shared.target, buildId, shared);
    // Rings again and again while the topic has clients: one timer a topic, none a client.
    const linger = setInterval(() => {
      if (topic.clients.size === 0) end(byBuild, buildId);
    }, this.#options.lingerMs);
    linger.unref();
    byBuild.set(buildId, { topic, linger });
    return topic;
  }

  /** Keeps a topic for a while from now on: a client has left it. */
  keep({ target, buildId }: Topic): void {
    if (buildId === null) return;
    this.#targets.get(targetKey(target))?.byBuild.get(buildId)?.linger.refresh();
  }

  /** Ends all subscriptions. */
  close(): void {
    this.#stopListening();
    if (this.#flush !== null) clearImmediate(this.#flush);
    for (const { shared, byBuild } of this.#targets.values()) {
      for (const buildId of [...byBuild.keys()]) end(byBuild, buildId);
      shared.close();
    }
  }

  /** Ends a topic that only lingers, so that whoever asks for names at random takes no place. */
  #endIdle(byBuild: Map<string, Build>): boolean {
    for (const [buildId, { topic }] of byBuild) {
      if (topic.clients.size === 0 && topic.message !== null) {
        end(byBuild, buildId);
        return true;
      }
    }
    return false;
  }

  #open(target: Target, buildId: string | null, shared: Topic | null): Topic {
    const { ledger, settleMs, log } = this.#options;
    const topic = new Topic({
      ...{ target, buildId, shared, settleMs },
      onChange: (changed) => this.#note(changed),
    });
    const query = { ...target, ...(buildId === null ? {} : { buildId }) };
    const hear = (latest: LatestDeployment | null | undefined) => {
      if (latest === undefined) return;
      if (!isDeployment(latest)) throw new TypeError("its answer is not a deployment");
      topic.hear(latest, this.#isAway);
    };
    const fail = (error: Error) => {
      // Every build's query fails as the shared one does.
      if (buildId === null) log.error?.(error.message);
      topic.setStale(true);
    };
    // Nobody has to wait for an answer that cannot come.
    if (this.#isAway) topic.setStale(true);
    try {
      topic.stop = ledger.source.subscribe(query, hear, fail);
    } catch (error) {
      fail(error as Error);
    }
    return topic;
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
      const changed = [...this.#changed];
      this.#changed.clear();
      for (const each of changed) {
        const isFirst = each.message === null;
        const message = each.publish();
        if (message !== null) this.#options.onMessage(each, message, isFirst);
      }
    });
  }
}

function end(byBuild: Map<string, Build>, buildId: string): void {
  const build = byBuild.get(buildId);
  if (build === undefined) return;
  clearInterval(build.linger);
  byBuild.delete(buildId);
  build.topic.close();
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
