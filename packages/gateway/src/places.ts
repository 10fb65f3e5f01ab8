/**
 * The places for subscriptions of one target's builds: so many, and some more for those whose first
 * answer is awaited. Knows who has one and whose is missed least; what becomes of a build without
 * one is the builds' affair (builds.ts).
 */
import type { Topic } from "./topic.js";
import { saysTheSame } from "./version-message.js";

/** What places need. */
export interface PlacesOptions {
  readonly shared: Topic;
  readonly maxBuilds: number;
  /** How long a place is kept after the last client. */
  readonly lingerMs: number;
  /** Called with who has to give up its place: it has no clients, or others are to have it. */
  readonly onGiveUp: (topic: Topic) => void;
  /** Called when a place was given up and nobody has it. */
  readonly onFree: () => void;
}

/** Whose place may be taken: nobody's, that of a build without clients, or an unknown one's too. */
export type Prey = "none" | "idle" | "unknown";

/** So many builds may wait for their first answer beside those that have a place. */
const MAX_TRIED = 32;

/** Who has a subscription. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #lingers = new Map<Topic, NodeJS.Timeout>();
  readonly #tried = new Set<Topic>();

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.#lingers.size;
  }

  /**
   * Finds a place for one more.
   *
   * @param mayTry Whether it may be one beyond the number until its answer is there.
   */
  claim(mayTry: boolean, prey: Prey): boolean {
    if (this.#placed < this.#options.maxBuilds || this.#takeOne(prey)) return true;
    return mayTry && this.#tried.size < MAX_TRIED;
  }

  /** Gives a topic the place that was found. */
  give(topic: Topic): void {
    const { lingerMs, maxBuilds, onGiveUp, onFree } = this.#options;
    // Rings again and again while the topic has clients: one timer a topic, none a client.
    const linger = setInterval(() => {
      if (topic.clients.size > 0) return;
      onGiveUp(topic);
      onFree();
    }, lingerMs);
    linger.unref();
    this.#lingers.set(topic, linger);
    if (this.#placed > maxBuilds) this.#tried.add(topic);
  }

  /**
   * Takes note of a topic's answer.
   *
   * @returns False if it was tried only, and there is no place for it.
   */
  confirm(topic: Topic): boolean {
    // From here on it is counted.
    if (!this.#tried.delete(topic) || this.#placed <= this.#options.maxBuilds) return true;
    return topic.isKnown && this.#takeOne(topic.clients.size > 0 ? "unknown" : "idle", topic);
  }

  /** Keeps a place for a while from now on. */
  keep(topic: Topic): void {
    this.#lingers.get(topic)?.refresh();
  }

  /** Takes a topic's place from it. */
  remove(topic: Topic): void {
    clearInterval(this.#lingers.get(topic));
    this.#lingers.delete(topic);
    this.#tried.delete(topic);
  }

  get #placed(): number {
    return this.#lingers.size - this.#tried.size;
  }

  #takeOne(prey: Prey, besides?: Topic): boolean {
    if (prey === "none") return false;
    let unknown: Topic | null = null;
    for (const topic of this.#lingers.keys()) {
      if (topic === besides || this.#tried.has(topic)) continue;
      if (topic.clients.size === 0 && (topic.isAnswered || topic.message !== null)) {
        this.#options.onGiveUp(topic);
        return true;
      }
      if (unknown === null && prey === "unknown" && this.#canShare(topic)) unknown = topic;
    }
    if (unknown === null) return false;
    this.#options.onGiveUp(unknown);
    return true;
  }

  /** Who was told something else than the shared topic tells would hear it a second time. */
  #canShare(topic: Topic): boolean {
    const isUnknown = topic.isAnswered && !topic.isKnown;
    return isUnknown && saysTheSame(topic.buildId, topic.message, this.#options.shared.message);
  }
}
