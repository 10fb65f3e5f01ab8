/**
 * One subscription of the ledger and the clients that share its answer. Owns what is known and the
 * message made of it; leaves the sending to the hub and its own end to the topics.
 */
import type { LatestDeployment } from "@tideline/version";
import type { Client } from "./client.js";
import type { Target } from "./target.js";
import { type PreparedMessage, prepareMessage } from "./version-message.js";

/** What a topic needs of its surroundings. */
export interface TopicOptions {
  readonly target: Target;
  /** Null for all builds that have no topic of their own. */
  readonly buildId: string | null;
  /** What knows of the target while this one does not: the shared topic; null for itself. */
  readonly shared: Topic | null;
  /** How long a first answer may take before it is said that there is none. */
  readonly settleMs: number;
  /** Called when what is known has changed, or there is still no answer after `settleMs`. */
  readonly onChange: (topic: Topic) => void;
}

/** What a target serves, as one build sees it. */
export class Topic {
  readonly target: Target;
  readonly buildId: string | null;
  readonly clients = new Set<Client>();
  /** Resolves when there is a message. */
  readonly settled: Promise<void>;
  /** Ends the subscription. */
  stop: () => void = () => {};
  #latest: LatestDeployment | null | undefined = undefined;
  /** True while the ledger cannot be reached or refuses the query. */
  #isStale = false;
  #message: PreparedMessage | null = null;
  #isDue = false;
  readonly #shared: Topic | null;
  readonly #onChange: (topic: Topic) => void;
  readonly #settleTimer: NodeJS.Timeout;
  #settle: () => void = () => {};

  constructor({ target, buildId, shared, settleMs, onChange }: TopicOptions) {
    this.target = target;
    this.buildId = buildId;
    this.#shared = shared;
    this.#onChange = onChange;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#settleTimer = setTimeout(() => this.#change(), settleMs);
    this.#settleTimer.unref();
  }

  /**
   * What every client of it was told last; null until the answer is there or overdue. Newcomers get
   * the same, so that a change that is not told yet reaches them with all others.
   */
  get message(): PreparedMessage | null {
    return this.#message;
  }

  /** The ledger's last answer; undefined if there was none. */
  get latest(): LatestDeployment | null | undefined {
    return this.#latest;
  }

  /** Takes an answer of the ledger. */
  hear(latest: LatestDeployment | null, isStale: boolean): void {
    this.#latest = latest;
    this.#isStale = isStale;
    this.#change();
  }

  /** Notes whether what is known may be out of date. */
  setStale(isStale: boolean): void {
    this.#isStale = isStale;
    // That an answer may come now is no answer.
    if (isStale || this.#isDue) this.#change();
  }

  /**
   * Makes the message of what is known now.
   *
   * @returns The message if it is another than the last, to be sent to all clients; else null.
   */
  publish(): PreparedMessage | null {
    const isHeard = this.#latest !== undefined;
    const next = prepareMessage(this.target, {
      buildId: isHeard ? this.buildId : null,
      latest: isHeard ? this.#latest : this.#shared?.latest,
      isStale: this.#isStale || !isHeard,
    });
    if (next.body === this.#message?.body) return null;
    this.#message = next;
    this.#settle();
    return next;
  }

  /** Ends the subscription; those who wait for a message get what there is. */
  close(): void {
    clearTimeout(this.#settleTimer);
    this.stop();
    this.publish();
  }

  #change(): void {
    this.#isDue = true;
    clearTimeout(this.#settleTimer);
    this.#onChange(this);
  }
}
