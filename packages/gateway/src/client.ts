/**
 * One open event stream. There are tens of thousands of them, so it is an object with two fields
 * and methods on its prototype: no closure, timer or buffer of its own.
 */
import type { Payload } from "./payload.js";
import type { Topic } from "./topic.js";

/** What every event stream can do, whatever carries it. */
export abstract class Client {
  readonly topic: Topic;
  /** True once it is no longer counted. */
  isGone = false;

  constructor(topic: Topic) {
    this.topic = topic;
  }

  /**
   * Sends without waiting.
   *
   * @returns False if its reader is so far behind that nothing was sent: it has to be dropped.
   */
  abstract send(payload: Payload): boolean;
  /** Ends the stream in order. */
  abstract end(): void;
  /** Closes at once, with what was not read yet. */
  abstract destroy(): void;
}
