/**
 * The yardstick of the fan-out bench: `ws` and nothing else. `POST /publish` sends its body to every
 * socket, as one text message. Run with `fork`; says its port to its parent.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

const sockets = new Set<WebSocket>();
const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const message = Buffer.concat(chunks);
  const startedAt = performance.timeOrigin + performance.now();
  for (const socket of sockets) socket.send(message, { binary: false });
  response.end(String(startedAt));
});
server.on("upgrade", (request, socket, head) => {
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    sockets.add(webSocket);
    webSocket.on("message", () => {});
    webSocket.on("error", () => {});
    webSocket.on("close", () => sockets.delete(webSocket));
  });
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit());
