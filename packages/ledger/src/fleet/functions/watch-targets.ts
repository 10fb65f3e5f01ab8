import type { FleetTarget } from "@tideline/version/fleet";
import { v } from "convex/values";
import { query } from "../fleet-data-model.js";
import { modeValidator, signedReleaseValidator } from "../fleet-tables.js";
import { authorizeReader } from "../model/authorize-fleet.js";
import { checkChannel } from "../model/check-fleet-arguments.js";
import { fleetTargets } from "../model/fleet-targets.js";
import type { Mutable } from "../mutable.js";

const DOING = "watch targets";

const release = {
  release: signedReleaseValidator,
  seq: v.number(),
  version: v.string(),
};

/**
 * What the machines of a channel are asked to run. All of them ask with the same arguments, so
 * that one run of it answers them all; it runs again for a release, a ring, a pause or a halt, and
 * for nothing that a machine reports.
 *
 * @returns `FleetTarget`s; the signatures in them are for the machine to verify.
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export const watchTargets = query({
  args: { channel: v.string(), token: v.string() },
  returns: v.array(
    v.object({
      channel: v.string(),
      subsystem: v.string(),
      generation: v.number(),
      settled: v.union(v.null(), v.object(release)),
      rollout: v.union(
        v.null(),
        v.object({
          ...release,
          mode: modeValidator,
          openTo: v.number(),
          canaries: v.array(v.string()),
          startedAt: v.number(),
          ring: v.number(),
        }),
      ),
    }),
  ),
  handler: async (ctx, { channel, token }): Promise<Mutable<FleetTarget>[]> => {
    authorizeReader(DOING, token);
    checkChannel(DOING, channel);
    return (await fleetTargets(ctx, channel)) as Mutable<FleetTarget>[];
  },
});
