/**
 * `POST /webhook/<subsystem>`: GitHub says that an upstream has moved. Machines therefore need no
 * address of their own: those that watch hear of it through their subscription.
 * Believes nothing of what the body says (the remote is read anew) but who sent it.
 */
import { SUBSYSTEM, verifyWebhook } from "@tideline/version/fleet";
import type { GenericActionCtx, GenericDataModel, RouteSpecWithPathPrefix } from "convex/server";
import { httpActionGeneric, makeFunctionReference } from "convex/server";
import { errorResponse } from "../../http/error-response.js";
import { HttpError } from "../../http/http-error.js";
import type { Delivery, DeliveryAnswer } from "../model/take-delivery.js";
import { webhookSecrets } from "../model/webhook-secrets.js";
import { isNews } from "./is-news.js";
import { readBytes } from "./read-bytes.js";

const PREFIX = "/webhook/";

/** The longest body. GitHub's own bound is higher, and no event that matters comes near this one. */
const MAX_BYTES = 2 * 1024 * 1024;

const RECEIVE = makeFunctionReference<
  "mutation",
  Delivery & Record<string, unknown>,
  DeliveryAnswer
>("fleet:receiveDelivery");

/**
 * The route for webhooks; the fleet's functions have to be in `convex/fleet.ts`.
 *
 * Answers 202 for what is new, 200 with `duplicate: true` for what came before, 401 if the
 * signature is not by one of the subsystem's secrets (TIDELINE_WEBHOOK_SECRETS), 413 above 2 MiB,
 * 429 above 30 a minute, else `{code, message}`. Nothing is written before the signature is
 * verified.
 *
 * @example
 * const http = httpRouter();
 * http.route(webhookRoute);
 * http.route(webhookGetRoute); // says to a browser what the address is for
 * export default http;
 */
export const webhookRoute: RouteSpecWithPathPrefix = {
  pathPrefix: PREFIX,
  method: "POST",
  handler: httpActionGeneric(async (ctx, request) => {
    try {
      return await receive(ctx, request);
    } catch (error) {
      return errorResponse(error);
    }
  }),
};

async function receive(
  ctx: GenericActionCtx<GenericDataModel>,
  request: Request,
): Promise<Response> {
  const subsystem = new URL(request.url).pathname.slice(PREFIX.length);
  const secrets = SUBSYSTEM.test(subsystem) ? webhookSecrets(subsystem) : [];
  if (secrets.length === 0) {
    throw new HttpError(
      404,
      "UNKNOWN_SUBSYSTEM",
      "Cannot take the webhook: TIDELINE_WEBHOOK_SECRETS has no entry for this subsystem",
    );
  }
  const bytes = await readBytes(request, MAX_BYTES);
  if (bytes === null) {
    throw new HttpError(
      413,
      "BODY_TOO_LARGE",
      `Cannot read the body: expected at most ${MAX_BYTES} bytes, got more`,
    );
  }
  if (!(await verifyWebhook(bytes, request.headers.get("x-hub-signature-256"), secrets))) {
    throw new HttpError(
      401,
      "SIGNATURE_INVALID",
      "Cannot take the webhook: expected X-Hub-Signature-256 by one of the subsystem's secrets over the very bytes of the body",
    );
  }
  const guid = header(request, "X-GitHub-Delivery", /^[\w.:-]{1,100}$/);
  const event = header(request, "X-GitHub-Event", /^[a-z_]{1,60}$/);
  const delivery = { subsystem, guid, event, isNews: isNews(event, bytes) };
  return answer(await ctx.runMutation(RECEIVE, delivery));
}

function header(request: Request, name: string, form: RegExp): string {
  const value = request.headers.get(name);
  if (value !== null && form.test(value)) return value;
  throw new HttpError(
    400,
    "INVALID_ARGUMENT",
    `Cannot take the webhook: expected the header ${name}, got ${value === null ? "none" : "another form"}`,
  );
}

function answer(taken: DeliveryAnswer): Response {
  const headers = new Headers({ "Cache-Control": "no-store" });
  if (taken.ok) {
    const { isDuplicate: duplicate, isHinted: accepted } = taken;
    const status = duplicate ? 200 : 202;
    return Response.json({ ok: true, duplicate, accepted }, { status, headers });
  }
  headers.set("Retry-After", String(Math.ceil(taken.retryAfterMs / 1_000)));
  const message = "Cannot take the webhook: expected at most 30 a minute, got more";
  return Response.json({ code: "TOO_MANY_DELIVERIES", message }, { status: 429, headers });
}
