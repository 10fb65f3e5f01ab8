/** Lets time pass for what the ledger keeps of issuers and tokens, so that no test has to wait. */
import { mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";

export const age = mutationGeneric({
  args: { ms: v.number() },
  handler: async (ctx, { ms }) => {
    for (const row of await ctx.db.query("oidcKeys").collect()) {
      await ctx.db.patch(row._id, { fetchedAt: row.fetchedAt - ms, triedAt: row.triedAt - ms });
    }
    for (const row of await ctx.db.query("oidcTokens").collect()) {
      await ctx.db.patch(row._id, { expiresAt: row.expiresAt - ms });
    }
  },
});

export const usedTokens = queryGeneric({
  args: {},
  handler: async (ctx) => (await ctx.db.query("oidcTokens").collect()).map((row) => row.jti),
});
