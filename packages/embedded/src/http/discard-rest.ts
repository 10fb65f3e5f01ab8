import type { IncomingMessage } from "node:http";

/**
 * Reads on to the end of a body that nobody wants, and drops it. A client that is still sending
 * would not look at the answer, and would find the connection closed instead. The server's request
 * timeout ends it for a client that never stops.
 */
export function discardRest(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  // Whoever was given the stream pauses it when nobody reads.
  request.removeAllListeners("data");
  request.resume();
}
