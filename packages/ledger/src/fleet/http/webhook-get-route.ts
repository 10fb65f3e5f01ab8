import type { RouteSpecWithPathPrefix } from "convex/server";
import { httpActionGeneric } from "convex/server";

/**
 * Answers `GET /webhook/<subsystem>` with 405 and `Allow: POST`: who opens the address in a browser
 * to see whether it is right should not read that there is no such route.
 *
 * @example
 * http.route(webhookRoute);
 * http.route(webhookGetRoute);
 */
export const webhookGetRoute: RouteSpecWithPathPrefix = {
  pathPrefix: "/webhook/",
  // A route of Convex is of one method; HEAD goes to that of GET.
  method: "GET",
  handler: httpActionGeneric(async () =>
    Response.json(
      {
        code: "WRONG_METHOD",
        message: "Cannot take the webhook: expected the method POST, got another",
      },
      // RFC 9110 15.5.6: a 405 names the methods that are taken.
      { status: 405, headers: { Allow: "POST", "Cache-Control": "no-store" } },
    ),
  ),
};
