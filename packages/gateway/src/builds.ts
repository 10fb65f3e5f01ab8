/**
 * The builds of one target that clients ask with, and who of them has a subscription. Names of
 * builds come from anybody, so places are few, and no name that the ledger does not know keeps one
 * from a build that it knows: the answer about an unknown build is what the shared topic tells too.
 */
import { Places, type Prey } from "./places.js";
import type { Target } from "./target.js";
import { Topic } from "./topic.js";
import { type PreparedMessage, saysTheSame } from "./version-message.js";

/** What the builds of a target need. */
export interface BuildsOptions {
  readonly target: Target;
  /** How many may have a subscription. */
  readonly maxBuilds: number;
  /** How long a subscription is kept after its last client. */
  readonly lingerMs: number;
  readonly settleMs: number;
  /** Begins a topic's subscription, and gives what ends it. */
  readonly subscribe: (topic: Topic) => () => void;
  /** Called when a topic has to be given to `hear`. */
  readonly onChange: (topic: Topic) => void;
  /** Called with what the clients of topics of one message are to be sent. */
  readonly onMessage: (topics: Topic[], message: PreparedMessage, isFirst: boolean) => void;
}

/** The builds of one target. */
export class Builds {
  /** Tells nothing of any build. */
  readonly shared: Topic;
  readonly #options: BuildsOptions;
  readonly #byBuild = new Map<string, Topic>();
  readonly #places: Places;
  // Who has clients and no subscription, first come first served: known and too many, not asked for
  // yet, and unknown when last asked for.
  readonly #known = new Set<Topic>();
  #untried = new Set<Topic>();
  readonly #unknown = new Set<Topic>();

  constructor(options: BuildsOptions) {
    this.#options = options;
    this.shared = this.#create(null);
    this.#places = new Places({
      ...{ shared: this.shared, maxBuilds: options.maxBuilds, lingerMs: options.lingerMs },
      onGiveUp: (topic) => this.#giveUp(topic),
      onFree: () => this.#fill(),
    });
    this.shared.follow(options.subscribe);
  }

  /** How many subscriptions there are, the shared one among them. */
  get subscriptions(): number {
    return 1 + this.#places.size;
  }

  /** Every topic. */
  *all(): Iterable<Topic> {
    yield this.shared;
    yield* this.#byBuild.values();
  }

  /** Gives the topic for a client of a build, which joins it in the same turn. */
  join(buildId: string): Topic {
    let topic = this.#byBuild.get(buildId);
    if (topic === undefined) {
      topic = this.#create(buildId);
      if (this.#places.claim(true, "unknown")) this.#follow(topic);
      else {
        topic.share();
        this.#untried.add(topic);
      }
    } else if (topic.isFollowing) this.#places.keep(topic);
    else {
      // It may have become known since it was asked for.
      this.#wait(topic, this.#untried);
      this.#fill();
    }
    return topic;
  }

  /**
   * Gives the topic for a question of a build: one with a subscription, or the shared one where
   * there is no place to be had.
   */
  ask(buildId: string): Topic {
    const known = this.#byBuild.get(buildId);
    if (known?.isFollowing) {
      this.#places.keep(known);
      return known;
    }
    if (!this.#places.claim(true, "idle")) return this.shared;
    const topic = known ?? this.#create(buildId);
    this.#follow(topic);
    return topic;
  }

  /** Takes note that a client has left a topic: it is kept for a while if it has a subscription. */
  keep(topic: Topic): void {
    if (topic.isFollowing) this.#places.keep(topic);
    else if (topic.clients.size === 0) this.#end(topic);
  }

  /** Tells what has changed in one moment; leaves other targets' topics alone. */
  hear(changed: Iterable<Topic>): void {
    const mine = [...changed].filter(({ target }) => target === this.#options.target);
    if (mine.includes(this.shared)) this.#hearShared();
    for (const topic of mine) {
      if (topic !== this.shared && topic.isFollowing) this.#hearBuild(topic);
    }
    this.#fill();
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const topic of this.#byBuild.values()) this.#end(topic);
    this.shared.close();
  }

  #hearShared(): void {
    const isFirst = this.shared.message === null;
    const message = this.shared.publish();
    if (message === null) return;
    const sharing = [...this.#byBuild.values()].filter(({ isSharing }) => isSharing);
    this.#options.onMessage([this.shared, ...sharing], message, isFirst);
    // Its clients know that they are current; from now on they need their own answer.
    const live = this.#byBuild.get(message.message.latest?.buildId ?? "");
    if (live !== undefined && !live.isFollowing) {
      this.#wait(live, this.#untried);
      this.#untried = new Set([live, ...this.#untried]);
    }
  }

  #hearBuild(topic: Topic): void {
    const told = topic.message;
    if (topic.isAnswered && !this.#places.confirm(topic)) {
      this.#giveUp(topic);
      const { message } = topic;
      if (message !== null && message.body !== told?.body) this.#tell(topic, message, told);
    } else if (!topic.isSharing) {
      const message = topic.publish();
      if (message !== null) this.#tell(topic, message, told);
    } else if (topic.isAnswered) {
      const message = topic.adopt();
      if (!saysTheSame(topic.buildId, message, told)) this.#tell(topic, message, told);
    } else topic.settleShared();
  }

  #tell(topic: Topic, message: PreparedMessage, told: PreparedMessage | null): void {
    this.#options.onMessage([topic], message, told === null);
  }

  #giveUp(topic: Topic): void {
    if (topic.clients.size === 0) {
      this.#end(topic);
      return;
    }
    this.#wait(topic, topic.isKnown ? this.#known : this.#unknown);
    this.#places.remove(topic);
    topic.share();
  }

  /** Gives places to those who wait for one. */
  #fill(): void {
    // A known build that found no room need not be tried again; an unknown one takes nobody's place.
    this.#admit(this.#known, false, "unknown");
    this.#admit(this.#untried, true, "unknown");
    this.#admit(this.#unknown, false, "none");
  }

  #admit(queue: Set<Topic>, mayTry: boolean, prey: Prey): void {
    for (const topic of queue) {
      if (!this.#places.claim(mayTry, prey)) return;
      this.#follow(topic);
    }
  }

  #follow(topic: Topic): void {
    this.#wait(topic, null);
    this.#places.give(topic);
    topic.follow(this.#options.subscribe);
  }

  #wait(topic: Topic, queue: Set<Topic> | null): void {
    for (const each of [this.#known, this.#untried, this.#unknown]) {
      if (each !== queue) each.delete(topic);
    }
    queue?.add(topic);
  }

  #end(topic: Topic): void {
    this.#places.remove(topic);
    this.#wait(topic, null);
    if (topic.buildId !== null) this.#byBuild.delete(topic.buildId);
    topic.close();
  }

  #create(buildId: string | null): Topic {
    const { target, settleMs, onChange } = this.#options;
    const shared = buildId === null ? null : this.shared;
    const topic = new Topic({ target, buildId, shared, settleMs, onChange });
    if (buildId !== null) this.#byBuild.set(buildId, topic);
    return topic;
  }
}
