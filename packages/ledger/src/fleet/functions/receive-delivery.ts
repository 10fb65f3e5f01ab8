import { v } from "convex/values";
import { internalMutation } from "../fleet-data-model.js";
import { takeDelivery } from "../model/take-delivery.js";

/**
 * Takes a webhook whose signature is verified. For `webhookRoute`, which calls it under the path
 * `fleet:receiveDelivery`.
 */
export const receiveDelivery = internalMutation({
  args: { subsystem: v.string(), guid: v.string(), event: v.string(), isNews: v.boolean() },
  returns: v.union(
    v.object({ ok: v.literal(true), isDuplicate: v.boolean(), isHinted: v.boolean() }),
    v.object({ ok: v.literal(false), retryAfterMs: v.number() }),
  ),
  handler: (ctx, delivery) => takeDelivery(ctx, delivery),
});
