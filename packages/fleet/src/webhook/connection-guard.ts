import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Keeps a server at no more than `max` connections by ending the oldest for each one too many. With
 * Node's own `maxConnections` whoever came first keeps everybody else out, and a hundred sockets that
 * say nothing would be enough for that; here a request that is made at once is always heard.
 */
export function guardConnections(server: Server, max: number): void {
  // In the order in which they came.
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    if (open.size <= max) return;
    const [oldest] = open;
    if (oldest !== undefined) {
      open.delete(oldest);
      oldest.destroy();
    }
  });
}
