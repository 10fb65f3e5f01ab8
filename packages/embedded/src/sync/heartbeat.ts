import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { pingFrame, textFrame } from "./frame.js";

// The client reconnects after 60 s without a message; the protocol's own beat is 15 s.
const BEAT_MS = 15_000;
// A peer that answered nothing for that long, not even pings, is gone.
const SILENCE_MS = 120_000;
// Connections are looked at in that many portions, so that thousands are not pinged at once.
const PORTIONS = 15;

// The message keeps the client's own clock quiet, the WebSocket ping makes its machine answer.
const BEAT = Buffer.concat([textFrame('{"type":"Ping"}'), pingFrame()]);

/** One connection's part in the beat. */
export interface Pulse {
  readonly socket: Socket;
  readonly webSocket: WebSocket;
  readonly reader: { readonly isPaused: boolean };
  readonly portion: number;
  bytesRead: number;
  silentMs: number;
}

/**
 * Keeps every connection alive and finds the dead ones: one timer for all, and no listener or
 * timer per connection.
 */
export class Heartbeat {
  readonly #portions = Array.from({ length: PORTIONS }, () => new Set<Pulse>());
  readonly #timer = setInterval(() => this.#beat(), BEAT_MS / PORTIONS);
  #next = 0;

  /** @param reader Its silence does not count while we do not read from it. */
  add(socket: Duplex, webSocket: WebSocket, reader: { readonly isPaused: boolean }): Pulse {
    const portion = Math.floor(Math.random() * PORTIONS);
    // An upgraded connection of node:http is a net.Socket.
    const pulse = {
      socket: socket as Socket,
      webSocket,
      reader,
      portion,
      bytesRead: 0,
      silentMs: 0,
    };
    this.#portions[portion]?.add(pulse);
    return pulse;
  }

  remove(pulse: Pulse): void {
    this.#portions[pulse.portion]?.delete(pulse);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const portion = this.#portions[this.#next];
    this.#next = (this.#next + 1) % PORTIONS;
    for (const pulse of portion ?? []) {
      const { socket, webSocket, reader } = pulse;
      const bytesRead = socket.bytesRead;
      const isSilent = bytesRead === pulse.bytesRead && !reader.isPaused;
      pulse.silentMs = isSilent ? pulse.silentMs + BEAT_MS : 0;
      pulse.bytesRead = bytesRead;
      if (pulse.silentMs >= SILENCE_MS) webSocket.terminate();
      // What waits to be sent keeps the client's clock quiet as well.
      else if (webSocket.readyState === webSocket.OPEN && socket.writableLength === 0)
        socket.write(BEAT);
    }
  }
}
