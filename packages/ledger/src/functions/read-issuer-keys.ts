import { v } from "convex/values";
import { internalQuery } from "../data-model.js";
import { findIssuerKeys } from "../model/issuer-keys.js";
import { issuerKeysFields } from "../tables.js";

/**
 * Gives the keys that are kept of a token's issuer; for `deploymentsRoute`, which calls it under the
 * path `deployments:readIssuerKeys`.
 */
export const readIssuerKeys = internalQuery({
  args: { issuer: v.string() },
  returns: v.union(v.object(issuerKeysFields), v.null()),
  handler: async (ctx, { issuer }) => {
    const row = await findIssuerKeys(ctx, issuer);
    if (row === null) return null;
    const { keys, fetchedAt, triedAt, attempt } = row;
    return { issuer, keys, fetchedAt, triedAt, attempt };
  },
});
