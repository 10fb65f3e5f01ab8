/** What the fan-out bench publishes and watches: one row of about 400 bytes. */
import { mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";

export const latest = queryGeneric({
  args: {},
  handler: async (ctx) => (await ctx.db.query("beacon").first())?.text ?? null,
});

export const publish = mutationGeneric({
  args: { text: v.string() },
  handler: async (ctx, { text }) => {
    const row = await ctx.db.query("beacon").first();
    if (row === null) await ctx.db.insert("beacon", { text });
    else await ctx.db.patch(row._id, { text });
  },
});
