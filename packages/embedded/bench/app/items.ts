/** Functions that touch one table in every way that the protocol has. */
import {
  actionGeneric,
  internalQueryGeneric,
  makeFunctionReference,
  mutationGeneric,
  paginationOptsValidator,
  queryGeneric,
} from "convex/server";
import { ConvexError, v } from "convex/values";

/** Inserts without looking, so a mutation that ran twice shows as two rows. */
export const add = mutationGeneric({
  args: { key: v.string(), value: v.number() },
  handler: async (ctx, { key, value }) => ctx.db.insert("items", { key, value }),
});

export const byKey = queryGeneric({
  args: { key: v.string() },
  handler: async (ctx, { key }) =>
    ctx.db
      .query("items")
      .withIndex("by_key", (range) => range.eq("key", key))
      .collect(),
});

export const count = queryGeneric({
  args: {},
  handler: async (ctx) => (await ctx.db.query("items").collect()).length,
});

/** Values whose key begins a name, for comparing two queries of one moment. */
export const sum = queryGeneric({
  args: { key: v.string() },
  handler: async (ctx, { key }) => {
    const items = await ctx.db
      .query("items")
      .withIndex("by_key", (range) => range.eq("key", key))
      .collect();
    return items.reduce((total, item) => total + item.value, 0);
  },
});

/** One row under each of two keys, in one transaction. */
export const addPair = mutationGeneric({
  args: { left: v.string(), right: v.string(), value: v.number() },
  handler: async (ctx, { left, right, value }) => {
    await ctx.db.insert("items", { key: left, value });
    await ctx.db.insert("items", { key: right, value });
  },
});

export const page = queryGeneric({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }) =>
    ctx.db.query("items").withIndex("by_key").paginate(paginationOpts),
});

export const refuse = mutationGeneric({
  args: {},
  handler: async (ctx) => {
    await ctx.db.insert("items", { key: "refused", value: 0 });
    throw new ConvexError({ code: "refused", needed: 2n });
  },
});

export const broken = queryGeneric({
  args: {},
  handler: async () => {
    throw new Error("broken on purpose");
  },
});

export const logs = queryGeneric({
  args: {},
  handler: async () => {
    console.log("looked", 42);
    return null;
  },
});

export const secret = internalQueryGeneric({
  args: {},
  handler: async () => "internal",
});

export const variable = queryGeneric({
  args: {},
  handler: async () => process.env.FLAVOUR ?? null,
});

export const whoAmI = queryGeneric({
  args: {},
  handler: async (ctx) => (await ctx.auth.getUserIdentity())?.subject ?? null,
});

/** A result of the given number of characters. */
export const large = queryGeneric({
  args: { characters: v.number() },
  handler: async (_ctx, { characters }) => "€".repeat(characters),
});

export const big = queryGeneric({ args: {}, handler: async () => 2n ** 60n });

export const addByAction = actionGeneric({
  args: { key: v.string() },
  handler: async (ctx, { key }) => {
    const reference = makeFunctionReference<"mutation">("items:add");
    return ctx.runMutation(reference, { key, value: 1 });
  },
});
