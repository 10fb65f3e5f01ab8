import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  /** Written by the functions of items.ts; read by them; never deleted. */
  items: defineTable({ key: v.string(), value: v.number(), note: v.optional(v.string()) }).index(
    "by_key",
    ["key"],
  ),
  /** One row; written by `beacon.publish`, read by `beacon.latest`. */
  beacon: defineTable({ text: v.string() }),
});
