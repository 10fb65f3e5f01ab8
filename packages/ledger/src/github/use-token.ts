import type { MutationCtx } from "../data-model.js";
import { ledgerError } from "../model/ledger-error.js";
import { CLOCK_SKEW_MS } from "./check-claims.js";
import type { GithubRun } from "./github-run.js";

// More than one goes for each that comes, so the table shrinks to those that are still good.
const MAX_PURGED = 20;

/**
 * Uses up a token: it is refused from now on.
 *
 * To be called by the mutation that does what the token asks for, so that both happen or neither:
 * a mutation that throws has not used it up.
 *
 * @throws {ConvexError} UNAUTHENTICATED if it was used before.
 */
export async function useToken(ctx: MutationCtx, { jti, expiresAt }: GithubRun): Promise<void> {
  const used = await ctx.db
    .query("oidcTokens")
    .withIndex("by_jti", (q) => q.eq("jti", jti))
    .unique();
  if (used !== null) {
    throw ledgerError(
      "UNAUTHENTICATED",
      "Cannot accept the OIDC token: expected one that was not used before; ask for a fresh one for every attempt",
    );
  }
  const now = Date.now();
  const expired = await ctx.db
    .query("oidcTokens")
    .withIndex("by_expires_at", (q) => q.lt("expiresAt", now))
    .take(MAX_PURGED);
  for (const row of expired) await ctx.db.delete(row._id);
  // A minute more than the token is good for, because of clocks that run apart.
  await ctx.db.insert("oidcTokens", { jti, expiresAt: expiresAt + 2 * CLOCK_SKEW_MS });
}
