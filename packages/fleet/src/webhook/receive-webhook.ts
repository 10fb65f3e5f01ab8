/**
 * One delivery, from its headers to its answer. What it asks for is done later, by whoever is woken:
 * GitHub hangs up after 10 s, and never sends a delivery again by itself.
 */
import type { IncomingMessage } from "node:http";
import { verifyWebhook } from "@tideline/version/fleet";
import type { UpstreamConfig } from "../config/sync-config.js";
import type { DeliveryLog } from "./delivery-log.js";
import { parsePayload } from "./parse-payload.js";
import type { RateLimit } from "./rate-limit.js";
import type { BodyReader } from "./read-body.js";
import { readWebhookEvent } from "./webhook-event.js";
import type { WebhookSecrets } from "./webhook-secrets.js";

/** The largest body that is taken: what GitHub says of a push or a release is far less. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** An answer in JSON. */
export interface WebhookAnswer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What deliveries are judged by and handed to. */
export interface WebhookDesk {
  /** Every subsystem, with what it is built from. */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig | null>;
  readonly secrets: WebhookSecrets;
  readonly bodies: BodyReader;
  readonly limit: RateLimit;
  readonly deliveries: DeliveryLog;
  /** Ids of deliveries whose work waits or is under way in this process. */
  readonly pending: Set<string>;
  /** Looks at the subsystem anew; resolves when that is done, rejects when it could not be. */
  readonly wake: (subsystem: string, why: string) => Promise<void>;
  /** Has it looked at when the limit allows one more. */
  readonly wakeLater: (subsystem: string, afterMs: number) => void;
}

/** Judges one POST to `/webhook/<subsystem>`. */
export async function receiveWebhook(
  request: IncomingMessage,
  subsystem: string,
  desk: WebhookDesk,
): Promise<WebhookAnswer> {
  const { headers } = request;
  const upstream = desk.upstreams.get(subsystem);
  if (upstream === undefined) {
    return refuse(404, "NO_SUCH_SUBSYSTEM", "There is no subsystem of that name here");
  }
  // Before the first byte of the body is read.
  if (Number(headers["content-length"] ?? 0) > MAX_BODY_BYTES) return tooLarge();
  const secrets = desk.secrets.get(subsystem) ?? [];
  if (secrets.length === 0) {
    return refuse(401, "NO_SECRET", "No secret is set for this subsystem");
  }
  const signature = single(headers["x-hub-signature-256"]);
  if (signature === null) {
    return refuse(401, "NO_SIGNATURE", "The header X-Hub-Signature-256 is missing");
  }
  // A stranger's body is not read for nothing.
  if (!/^sha256=[0-9a-f]{64}$/.test(signature)) return badSignature();
  const body = await desk.bodies.read(request);
  if (!body.ok) {
    return body.why === "too-large" ? tooLarge() : refuse(400, "CUT_OFF", "The body has no end");
  }
  // Nothing of the body is looked at before.
  if (!(await verifyWebhook(body.bytes, signature, secrets))) {
    return badSignature();
  }
  const id = single(headers["x-github-delivery"]);
  const event = single(headers["x-github-event"]);
  if (id === null || event === null || !/^[\w-]{1,100}$/.test(id)) {
    return refuse(400, "BAD_HEADERS", "X-GitHub-Event and X-GitHub-Delivery are needed");
  }
  const payload = parsePayload(body.bytes, headers["content-type"]);
  const asked = readWebhookEvent(event, payload, upstream);
  if (asked.kind === "ping") return { status: 200, body: { ok: true, pong: true } };
  if (asked.kind === "ignored") {
    return { status: 202, body: { ok: true, ignored: true, why: asked.why } };
  }
  return take(subsystem, id, asked.what, desk);
}

function take(subsystem: string, id: string, what: string, desk: WebhookDesk): WebhookAnswer {
  const { deliveries, pending } = desk;
  // Ids are chosen by the sender: one repository's must not stand for another's.
  const key = `${subsystem}/${id}`;
  const state = deliveries.stateOf(key);
  if (state === "done" || pending.has(key)) {
    return { status: 200, body: { ok: true, duplicate: true } };
  }
  const taken = desk.limit.take(subsystem);
  if (!taken.ok) {
    // Nobody sends it again, so it is not forgotten: one look serves all that were too many.
    desk.wakeLater(subsystem, taken.retryAfterMs);
    const seconds = String(Math.max(1, Math.ceil(taken.retryAfterMs / 1000)));
    return {
      ...refuse(429, "TOO_MANY", "More than 30 deliveries in a minute; one look is owed to them"),
      headers: { "retry-after": seconds },
    };
  }
  deliveries.receive(key);
  pending.add(key);
  desk.wake(subsystem, what).then(
    () => {
      pending.delete(key);
      deliveries.finish([key]);
    },
    // It stays unfinished: a redelivery has it tried again. The failure is told by whoever was woken.
    () => pending.delete(key),
  );
  return { status: 202, body: { ok: true, ...(state === "unfinished" && { duplicate: true }) } };
}

function badSignature(): WebhookAnswer {
  return refuse(401, "BAD_SIGNATURE", "The signature is not that of these bytes");
}

function tooLarge(): WebhookAnswer {
  return refuse(413, "TOO_LARGE", `A body has at most ${MAX_BODY_BYTES} bytes`);
}

/** Gives a refusal. */
export function refuse(status: number, code: string, message: string): WebhookAnswer {
  return { status, body: { code, message } };
}

function single(header: string | string[] | undefined): string | null {
  return typeof header === "string" ? header : null;
}
