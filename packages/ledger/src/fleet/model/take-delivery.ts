import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { giveHint } from "./give-hint.js";

/** What the webhook's sender said of a delivery; only what stands outside of the body. */
export interface Delivery {
  readonly subsystem: string;
  /** GitHub's own name for it; a redelivery has the same. */
  readonly guid: string;
  readonly event: string;
  /** Whether the event may mean that the upstream has moved. */
  readonly isNews: boolean;
}

/** What became of it. */
export type DeliveryAnswer =
  | { readonly ok: true; readonly isDuplicate: boolean; readonly isHinted: boolean }
  | { readonly ok: false; readonly retryAfterMs: number };

const MINUTE_MS = 60_000;
/** More of one repository is a loop or an attack; its next hint reads all of it anyway. */
const MAX_A_MINUTE = 30;
// A redelivery is asked for by a person or a job, never within seconds.
const REDELIVERED_AFTER_MS = 10_000;

/**
 * Takes a delivery once, however often it arrives. One that is delivered again before any developer
 * machine has looked at the upstream makes them look again.
 */
export async function takeDelivery(
  ctx: FleetMutationCtx,
  { subsystem, guid, event, isNews }: Delivery,
): Promise<DeliveryAnswer> {
  const now = Date.now();
  const before = await ctx.db
    .query("deliveries")
    .withIndex("by_guid", (q) => q.eq("subsystem", subsystem).eq("guid", guid))
    .unique();
  if (before !== null) return await takeAgain(ctx, before, now);
  const latest = await ctx.db
    .query("deliveries")
    .withIndex("by_received", (q) => q.eq("subsystem", subsystem).gt("receivedAt", now - MINUTE_MS))
    .take(MAX_A_MINUTE);
  const oldest = latest[0];
  if (oldest !== undefined && latest.length === MAX_A_MINUTE) {
    return { ok: false, retryAfterMs: oldest.receivedAt + MINUTE_MS - now };
  }
  const hintedAt = isNews ? now : null;
  await ctx.db.insert("deliveries", { subsystem, guid, event, receivedAt: now, hintedAt });
  if (isNews) await giveHint(ctx, subsystem);
  return { ok: true, isDuplicate: false, isHinted: isNews };
}

async function takeAgain(
  ctx: FleetMutationCtx,
  { _id, subsystem, hintedAt }: FleetRow<"deliveries">,
  now: number,
): Promise<DeliveryAnswer> {
  const isOpen =
    hintedAt !== null &&
    now - hintedAt >= REDELIVERED_AFTER_MS &&
    !(await isAnswered(ctx, subsystem, hintedAt));
  if (isOpen) {
    await ctx.db.patch(_id, { hintedAt: now });
    await giveHint(ctx, subsystem);
  }
  return { ok: true, isDuplicate: true, isHinted: isOpen };
}

/** True if a developer machine has told of the upstream since. */
async function isAnswered(
  ctx: FleetMutationCtx,
  subsystem: string,
  since: number,
): Promise<boolean> {
  const row = await ctx.db
    .query("upstreams")
    .withIndex("by_seen", (q) => q.eq("subsystem", subsystem).gte("seenAt", since))
    .first();
  return row !== null;
}
