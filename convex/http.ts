import { deploymentsRoute, webhookGetRoute, webhookRoute } from "@tideline/ledger";
import { httpRouter } from "convex/server";
import { httpAction } from "./_generated/server.js";

const http = httpRouter();

/** Says that functions are loaded and run; for load balancers and start-up scripts. */
http.route({
  path: "/health",
  method: "GET",
  handler: httpAction(async () => Response.json({ status: "ok" })),
});

http.route(deploymentsRoute);
http.route(webhookRoute);
http.route(webhookGetRoute);

export default http;
