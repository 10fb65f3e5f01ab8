/**
 * The floor: Node's http server with the gateway's headers, a Set, and `res.write` in a loop. No
 * topics, no beat, no limit for a slow reader, no log, no end.
 */
import { createServer, type ServerResponse } from "node:http";
import { prepareMessage } from "../../src/version-message.js";
import { newsOf, WEB } from "./news.js";
import { listenBench } from "./serve-bench.js";

const responses = new Set<ServerResponse>();
let epoch = 1;
let event = prepareMessage(WEB, newsOf(epoch, "")).payload.plain;

const server = createServer((_request, response) => {
  response.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
    Connection: "keep-alive",
  });
  response.write(event);
  responses.add(response);
  response.once("close", () => responses.delete(response));
});
listenBench(server, (text) => {
  epoch += 1;
  event = prepareMessage(WEB, newsOf(epoch, text)).payload.plain;
  for (const response of responses) response.write(event);
});
