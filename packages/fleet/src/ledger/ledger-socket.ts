/**
 * The WebSocket of the ledger's client, the same on every Node: 20 has none of its own, and that of 22
 * says nothing at all of a connection that was refused, so that the client waits for ever.
 */
import { WebSocket } from "ws";

// To where nobody answers, the system itself tries for two minutes.
const HANDSHAKE_WITHIN_MS = 10_000;

/** What one client opens. */
export interface LedgerSockets {
  /** For the client's `webSocketConstructor`. */
  readonly Socket: typeof globalThis.WebSocket;
  /** Gives up those that are not open yet. */
  abandon(): void;
  /** Ends every one at once, whether or not the other side hears it. */
  terminate(): void;
}

/** Makes a WebSocket class that knows what was opened with it. */
export function makeLedgerSockets(): LedgerSockets {
  const sockets = new Set<WebSocket>();
  class LedgerSocket extends WebSocket {
    constructor(address: string | URL) {
      super(address, { handshakeTimeout: HANDSHAKE_WITHIN_MS });
      sockets.add(this);
      this.once("close", () => sockets.delete(this));
    }
  }
  return {
    // The client uses what the two have in common.
    Socket: LedgerSocket as unknown as typeof globalThis.WebSocket,
    abandon: () => {
      for (const socket of sockets) {
        if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
      }
    },
    terminate: () => {
      for (const socket of sockets) socket.terminate();
    },
  };
}
