import { Client } from "./client.js";
import type { Payload } from "./payload.js";
import type { Topic } from "./topic.js";

/** What sends a response's body, where that is known: the response of Node's server. */
export interface Carrier {
  destroy(): void;
}

/** An event stream over the body of a `Response`. */
export class FetchClient extends Client {
  /** To be given to the response; what its reader is behind counts as its queue's bytes. */
  readonly body: ReadableStream<Uint8Array>;
  readonly #carrier: Carrier | null;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(
    topic: Topic,
    carrier: Carrier | null,
    maxBehindBytes: number,
    onClose: (client: Client) => void,
  ) {
    super(topic);
    this.#carrier = carrier;
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
    if (this.#carrier === null) {
      // Whoever carries it has to learn of it, and frees the connection for an error alone: an end
      // would wait until the reader has taken all that came before it.
      this.#controller?.error(new Error("Closed: the reader is too far behind"));
      return;
    }
    // On Node's server an error would be printed with its stack.
    this.#controller?.close();
    this.#carrier.destroy();
  }
}
