/**
 * The clients of one build and what they are told: the answer of a subscription of their own, or
 * what the target's shared topic tells. Owns what is known and the message made of it; leaves the
 * sending to the hub, and who has a subscription to the builds (builds.ts).
 *
 * ```text
 *   following ──> (answered) ──> following          a subscription of its own
 *       └──────────────────────> sharing            none: it tells what the shared topic tells
 *   sharing ──> trying ──> following or sharing     tells what the shared topic tells meanwhile
 * ```
 */
import type { LatestDeployment } from "@tideline/version";
import type { Client } from "./client.js";
import type { Target } from "./target.js";
import { type PreparedMessage, prepareMessage } from "./version-message.js";

/** What a topic needs of its surroundings. */
export interface TopicOptions {
  readonly target: Target;
  /** Null for the shared topic, which tells nothing of any build. */
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
  /** True while its clients are told what the shared topic tells. */
  isSharing = false;
  readonly #options: TopicOptions;
  #stop: (() => void) | null = null;
  #latest: LatestDeployment | null | undefined = undefined;
  /** True while the ledger cannot be reached or refuses the query. */
  #isStale = false;
  #hasFailed = false;
  #message: PreparedMessage | null = null;
  #isDue = false;
  #settleTimer: NodeJS.Timeout | undefined;
  #settled: Promise<PreparedMessage | null> = Promise.resolve(null);
  #settle: (message: PreparedMessage | null) => void = () => {};

  constructor(options: TopicOptions) {
    this.#options = options;
    this.target = options.target;
    this.buildId = options.buildId;
  }

  /**
   * What every client of it was told last; null until the answer is there or overdue. Newcomers get
   * the same, so that a change that is not told yet reaches them with all others.
   */
  get message(): PreparedMessage | null {
    return this.isSharing ? (this.#options.shared?.message ?? null) : this.#message;
  }

  /** Resolves with the first message since `follow`, also if its clients are not told it. */
  get settled(): Promise<PreparedMessage | null> {
    return this.#settled;
  }

  /** The ledger's last answer; undefined if there was none. */
  get latest(): LatestDeployment | null | undefined {
    return this.#latest;
  }

  /** True while it has a subscription. */
  get isFollowing(): boolean {
    return this.#stop !== null;
  }

  /** True once the subscription has an answer, which may be that there is none. */
  get isAnswered(): boolean {
    return this.#latest !== undefined || this.#hasFailed;
  }

  /** True if the ledger tells something of its build, so that the shared topic tells less. */
  get isKnown(): boolean {
    // The function's name is an option, so its answer may be anybody's.
    const state = this.#latest?.clientBuild?.state;
    return state === "known" || state === "pending";
  }

  /**
   * Begins a subscription. Its first answer is waited for anew.
   *
   * @param subscribe Begins it, and gives what ends it.
   */
  follow(subscribe: (topic: Topic) => () => void): void {
    this.#latest = undefined;
    this.#hasFailed = false;
    this.#isDue = false;
    this.#settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#settleTimer = setTimeout(() => this.#change(), this.#options.settleMs);
    this.#settleTimer.unref();
    this.#stop = () => {};
    this.#stop = subscribe(this);
  }

  /** Takes an answer of the ledger. */
  hear(latest: LatestDeployment | null, isStale: boolean): void {
    this.#latest = latest;
    this.#isStale = isStale;
    this.#hasFailed = false;
    this.#change();
  }

  /** Takes note that the ledger refuses the query. */
  fail(): void {
    this.#hasFailed = true;
    this.setStale(true);
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
    const next = this.#prepare();
    this.#settle(next);
    if (next.body === this.#message?.body) return null;
    this.#message = next;
    return next;
  }

  /** Tells what its own subscription has answered, from now on. */
  adopt(): PreparedMessage {
    const next = this.#prepare();
    this.isSharing = false;
    this.#message = next;
    this.#settle(next);
    return next;
  }

  /** Answers those who asked while it is tried: the ledger's answer is overdue. */
  settleShared(): void {
    this.#settle(this.message);
  }

  /** Ends the subscription, and tells what the shared topic tells from now on. */
  share(): void {
    this.#end();
    this.isSharing = true;
    this.#message = null;
    this.#latest = undefined;
  }

  /** Ends the subscription; those who wait for a message get what there is. */
  close(): void {
    this.#end();
  }

  #end(): void {
    clearTimeout(this.#settleTimer);
    if (this.#stop === null) return;
    this.#stop();
    this.#stop = null;
    this.#settle(this.#prepare());
  }

  #prepare(): PreparedMessage {
    const isHeard = this.#latest !== undefined;
    return prepareMessage(this.target, {
      buildId: isHeard ? this.buildId : null,
      latest: isHeard ? this.#latest : this.#options.shared?.latest,
      isStale: this.#isStale || !isHeard,
    });
  }

  #change(): void {
    this.#isDue = true;
    clearTimeout(this.#settleTimer);
    if (this.#stop !== null) this.#options.onChange(this);
  }
}
