/**
 * The event streams that are open: sends them what is new, keeps them alive with one timer for all,
 * drops who does not read, and sends them away in an even stream when the gateway ends. Knows
 * nothing of how a stream is carried (client.ts) or of what is told (topic.ts).
 */
import type { Client } from "./client.js";
import type { Log } from "./log.js";
import { makePayload, type Payload } from "./payload.js";
import { targetKey } from "./target.js";
import type { Topic } from "./topic.js";
import type { PreparedMessage } from "./version-message.js";

/** What the hub needs. */
export interface HubOptions {
  readonly keepAliveMs: number;
  readonly beatMs: number;
  readonly log: Log;
  readonly topics: () => Iterable<Topic>;
  /** Called when a client has left a topic. */
  readonly onLeave: (topic: Topic) => void;
  /** Gives a number from 0 to 1. */
  readonly random: () => number;
}

/** What is counted. */
export interface HubCounts {
  connections: number;
  messages: number;
  dropped: number;
  drained: number;
}

/** So long may it take to send the clients away: whoever comes to serve them has then time for each. */
const DRAIN_MS = 3_500;
/** A handful need not wait for that: this many a second are few for anybody. */
const DRAIN_AT_LEAST_PER_SECOND = 100;
/** At most so many clients a second are told to come back elsewhere, */
const DRAIN_PER_SECOND = 375;
/** unless there are more than 3,000, so that it would take longer: Docker kills after 10 s. */
const DRAIN_AT_MOST_MS = 8_000;
const DRAIN_STEP_MS = 10;
/** Of a longer standstill only so much is made up for in one step. */
const DRAIN_STALL_MS = 50;

const KEEP_ALIVE = makePayload(": keep-alive\n\n");

// After how long a client comes back whose connection broke. Everybody loses it together, so each is
// told another time. It has no blank line after it: it belongs to the first event.
const RETRIES = Array.from({ length: 61 }, (_, step) =>
  makePayload(`retry: ${2000 + step * 50}\n`),
);

const FAREWELLS = Array.from({ length: 11 }, (_, step) => {
  const retryMs = 50 + step * 20;
  return makePayload(`retry: ${retryMs}\nevent: drain\ndata: {"retryMs":${retryMs}}\n\n`);
});

/** All event streams of a gateway. */
export class Hub {
  readonly counts: HubCounts = { connections: 0, messages: 0, dropped: 0, drained: 0 };
  readonly #options: HubOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #ticksPerBeat: number;
  #tick = 0;
  #size = 0;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#ticksPerBeat = Math.max(1, Math.round(options.beatMs / options.keepAliveMs));
    this.#timer = setInterval(() => this.beat(), options.keepAliveMs);
    this.#timer.unref();
  }

  /** How many streams are open. */
  get size(): number {
    return this.#size;
  }

  /** Takes a stream in and sends it what is known; later, if there is nothing to be told yet. */
  add(client: Client): void {
    const { topic } = client;
    const { info } = this.#options.log;
    topic.clients.add(client);
    this.#size++;
    this.counts.connections++;
    info?.(`New SSE connection established, total clients: ${this.#size}`);
    this.#send(client, this.#pick(RETRIES));
    if (topic.message === null || client.isGone) return;
    this.#send(client, topic.message.payload);
    this.counts.messages++;
    info?.(`First version sent: ${describe(topic, topic.message)}`);
  }

  /** Forgets a stream that was closed. */
  remove(client: Client): void {
    if (client.isGone) return;
    client.isGone = true;
    client.topic.clients.delete(client);
    this.#size--;
    this.#options.log.info?.(`SSE connection closed, total clients: ${this.#size}`);
    this.#options.onLeave(client.topic);
  }

  /** Sends a message to all streams of the topics that have it: the same bytes, in one loop. */
  broadcast(
    topics: readonly Topic[],
    message: PreparedMessage,
    why: "First" | "New" | "Periodic",
  ): void {
    let sent = 0;
    for (const { clients } of topics) {
      sent += clients.size;
      for (const client of clients) this.#send(client, message.payload);
    }
    const [first] = topics;
    if (sent === 0 || first === undefined) return;
    this.counts.messages += sent;
    const say = this.#options.log[why === "Periodic" ? "debug" : "info"];
    say?.(`${why} version sent: ${describe(first, message)}, clients: ${sent}`);
  }

  /** One tick of the timer: a comment that keeps proxies from closing, or the whole message. */
  beat(): void {
    this.#tick++;
    const isBeat = this.#tick % this.#ticksPerBeat === 0;
    for (const topic of this.#options.topics()) {
      if (isBeat && topic.message !== null) {
        this.broadcast([topic], topic.message, "Periodic");
      } else {
        for (const client of topic.clients) this.#send(client, KEEP_ALIVE);
      }
    }
  }

  /**
   * Sends all streams away, one after the other, so that whoever serves them next is not overrun.
   * Those whose turn has not come are told what is new meanwhile.
   */
  async drain(): Promise<void> {
    const leaving = [...this.#options.topics()].flatMap(({ clients }) => [...clients]);
    const hurriedPerMs = leaving.length / DRAIN_AT_MOST_MS;
    const calmPerMs = Math.max(DRAIN_AT_LEAST_PER_SECOND / 1000, leaving.length / DRAIN_MS);
    const perMs = Math.max(Math.min(calmPerMs, DRAIN_PER_SECOND / 1000), hurriedPerMs);
    const catchUpPerMs = Math.max(DRAIN_PER_SECOND / 1000, hurriedPerMs * 1.25);
    const start = performance.now();
    let last = start - DRAIN_STEP_MS;
    let allowed = 0;
    let next = 0;
    while (next < leaving.length) {
      const now = performance.now();
      allowed += catchUpPerMs * Math.min(now - last, DRAIN_STALL_MS);
      last = now;
      // By the clock, so that timers that are late do not make it longer; but what a standstill held
      // up must not go all at once.
      const due = Math.ceil(Math.min((now - start + DRAIN_STEP_MS) * perMs, allowed));
      for (const client of leaving.slice(next, due)) this.#dismiss(client);
      next = Math.max(next, due);
      if (next < leaving.length) await new Promise((go) => setTimeout(go, DRAIN_STEP_MS));
    }
  }

  /** Closes every stream at once and stops the timer. */
  close(): void {
    clearInterval(this.#timer);
    for (const topic of this.#options.topics()) {
      for (const client of topic.clients) {
        client.end();
        this.remove(client);
      }
    }
  }

  #dismiss(client: Client): void {
    if (client.isGone) return;
    this.#send(client, this.#pick(FAREWELLS));
    if (client.isGone) return;
    client.end();
    this.counts.drained++;
    this.remove(client);
  }

  #send(client: Client, payload: Payload): void {
    if (client.send(payload)) return;
    this.counts.dropped++;
    this.#options.log.warn?.("SSE connection dropped: its reader is too far behind");
    client.destroy();
    this.remove(client);
  }

  #pick(payloads: readonly Payload[]): Payload {
    const index = Math.floor(this.#options.random() * payloads.length);
    return payloads[Math.min(index, payloads.length - 1)] as Payload;
  }
}

function describe(topic: Topic, { message }: PreparedMessage): string {
  const name =
    message.version ?? (message.latest === null ? "nothing is recorded" : "not known yet");
  return `${name} (${targetKey(topic.target)}${message.stale ? ", stale" : ""})`;
}
