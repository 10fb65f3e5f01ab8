import { v } from "convex/values";
import { internalMutation } from "../data-model.js";
import { claimKeyFetch as claim } from "../model/issuer-keys.js";

/**
 * Says whether the caller may fetch an issuer's keys now: one in 30 s. For `deploymentsRoute`, which
 * calls it under the path `deployments:claimKeyFetch`.
 */
export const claimKeyFetch = internalMutation({
  args: { issuer: v.string() },
  returns: v.boolean(),
  handler: (ctx, { issuer }) => claim(ctx, issuer),
});
