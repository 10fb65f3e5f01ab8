import { ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { Client } from "./client.js";
import type { Payload } from "./payload.js";
import type { Topic } from "./topic.js";

/**
 * An event stream over a response of Node's http server whose head is sent.
 *
 * The chunks that HTTP/1.1 frames a body in are made with the message, once for all, and go straight
 * to the socket: one write for each client, of the same bytes. Where something else has put itself
 * in between (a compressing middleware, HTTP/2), the response's own `write` is used.
 */
export class NodeClient extends Client {
  readonly #response: ServerResponse;
  readonly #maxBehindBytes: number;

  constructor(topic: Topic, response: ServerResponse, maxBehindBytes: number) {
    super(topic);
    this.#response = response;
    this.#maxBehindBytes = maxBehindBytes;
  }

  send(payload: Payload): boolean {
    const response = this.#response;
    // About to be told that it is closed.
    if (response.destroyed || response.writableEnded) return true;
    const { socket } = response;
    if (socket === null || !isBare(response)) {
      // A response of HTTP/2 knows of its queue by its stream alone.
      const { writableLength } = (response as { stream?: Writable }).stream ?? response;
      if (writableLength > this.#maxBehindBytes) return false;
      response.write(payload.plain);
      // What compresses keeps small pieces to itself until it is told not to.
      (response as { flush?: () => void }).flush?.();
      return true;
    }
    if (socket.writableLength > this.#maxBehindBytes) return false;
    // A client of HTTP/1.0 gets no chunks.
    socket.write(response.chunkedEncoding ? payload.chunk : payload.plain);
    return true;
  }

  end(): void {
    const response = this.#response;
    const { socket } = response;
    response.end();
    // A socket that waited for another request would keep the server from ending.
    if (isBare(response)) socket?.end();
  }

  destroy(): void {
    this.#response.destroy();
  }
}

/** Says whether what is written to a response goes to its socket as it is. */
function isBare(response: ServerResponse): boolean {
  return response.write === ServerResponse.prototype.write;
}
