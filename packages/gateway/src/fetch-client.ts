import { Client } from "./client.js";
import type { Payload } from "./payload.js";
import type { Topic } from "./topic.js";

/** An event stream over the body of a `Response`. */
export class FetchClient extends Client {
  /** To be given to the response; what its reader is behind counts as its queue's bytes. */
  readonly body: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(topic: Topic, maxBehindBytes: number, onClose: (client: Client) => void) {
    super(topic);
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => onClose(this),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: maxBehindBytes }),
    );
  }

  send({ plain }: Payload): boolean {
    if ((this.#controller?.desiredSize ?? 0) <= 0) return false;
    // A copy: whoever reads a stream may take the bytes for good.
    this.#controller?.enqueue(plain.slice());
    return true;
  }

  end(): void {
    this.#controller?.close();
  }

  destroy(): void {
    this.#controller?.error(new Error("Closed: the reader is too far behind"));
  }
}
