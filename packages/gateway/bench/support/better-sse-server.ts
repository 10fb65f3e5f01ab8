/** The library better-sse as its documentation uses it: a session a client, one channel, `broadcast`. */
import { createServer } from "node:http";
import { createChannel, createSession } from "better-sse";
import { prepareMessage } from "../../src/version-message.js";
import { newsOf, WEB } from "./news.js";
import { listenBench } from "./serve-bench.js";

const channel = createChannel();
let epoch = 1;
let message = prepareMessage(WEB, newsOf(epoch, "")).message;

const server = createServer(async (request, response) => {
  // Its pings would fall into the rounds of whoever is measured at that moment; the gateway's beat
  // is as far away.
  const session = await createSession(request, response, { keepAlive: null });
  session.push(message, "version_update", String(epoch));
  channel.register(session);
});
listenBench(server, (text) => {
  epoch += 1;
  message = prepareMessage(WEB, newsOf(epoch, text)).message;
  channel.broadcast(message, "version_update", { eventId: String(epoch) });
});
