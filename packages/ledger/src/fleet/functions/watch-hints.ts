import type { UpstreamHint } from "@tideline/version/fleet";
import { v } from "convex/values";
import { query } from "../fleet-data-model.js";
import { authorizeReader } from "../model/authorize-fleet.js";
import { checkChannel } from "../model/check-fleet-arguments.js";

const DOING = "watch hints";
const MAX_SUBSYSTEMS = 500;

/**
 * Which upstreams were said to have moved, and how often; for developer machines. Upstreams are the
 * same in every channel; the channel is asked for so that the callers of all queries look alike.
 *
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export const watchHints = query({
  args: { channel: v.string(), token: v.string() },
  returns: v.array(v.object({ subsystem: v.string(), sequence: v.number(), at: v.number() })),
  handler: async (ctx, { channel, token }): Promise<UpstreamHint[]> => {
    authorizeReader(DOING, token);
    checkChannel(DOING, channel);
    const hints = await ctx.db.query("hints").withIndex("by_subsystem").take(MAX_SUBSYSTEMS);
    return hints.map(({ subsystem, sequence, at }) => ({ subsystem, sequence, at }));
  },
});
