/** The rows of `oidcKeys`: who may fetch an issuer's keys, and what came of it. */
import type { MutationCtx, QueryCtx, Row } from "../data-model.js";
import type { SigningKey } from "../github/fetch-keys.js";
import { mayFetch } from "../github/find-key.js";

/** The issuer's row, or null before the first fetch. */
export function findIssuerKeys(ctx: QueryCtx, issuer: string): Promise<Row<"oidcKeys"> | null> {
  return ctx.db
    .query("oidcKeys")
    .withIndex("by_issuer", (q) => q.eq("issuer", issuer))
    .unique();
}

/** Says whether the caller is the one who fetches now; nobody else is for a while. */
export async function claimKeyFetch(ctx: MutationCtx, issuer: string): Promise<boolean> {
  const row = await findIssuerKeys(ctx, issuer);
  const now = Date.now();
  if (!mayFetch(row, now)) return false;
  const attempt = { triedAt: now, attempt: "running" as const };
  if (row !== null) await ctx.db.patch(row._id, attempt);
  else await ctx.db.insert("oidcKeys", { issuer, keys: [], fetchedAt: 0, ...attempt });
  return true;
}

/** Stores what a fetch gave; null leaves the older keys. */
export async function settleKeyFetch(
  ctx: MutationCtx,
  issuer: string,
  keys: readonly SigningKey[] | null,
): Promise<void> {
  const row = await findIssuerKeys(ctx, issuer);
  if (row === null) return;
  if (keys === null) await ctx.db.patch(row._id, { attempt: "failed" });
  else await ctx.db.patch(row._id, { keys: [...keys], fetchedAt: Date.now(), attempt: "done" });
}
