import { v } from "convex/values";
import { internalMutation } from "../data-model.js";
import { settleKeyFetch as settle } from "../model/issuer-keys.js";
import { issuerKeysFields } from "../tables.js";

/**
 * Keeps an issuer's keys, or says with null that they could not be fetched. For `deploymentsRoute`,
 * which calls it under the path `deployments:settleKeyFetch`.
 */
export const settleKeyFetch = internalMutation({
  args: { issuer: v.string(), keys: v.union(issuerKeysFields.keys, v.null()) },
  returns: v.null(),
  handler: async (ctx, { issuer, keys }) => {
    await settle(ctx, issuer, keys);
    return null;
  },
});
