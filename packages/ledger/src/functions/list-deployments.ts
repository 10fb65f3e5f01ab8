import type { PaginationResult } from "convex/server";
import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { query } from "../data-model.js";
import { checkTarget } from "../model/check-arguments.js";
import { ledgerError } from "../model/ledger-error.js";
import { checkMayReadHistory } from "../model/private-history.js";
import type { DeploymentRow } from "./deployment-row.js";
import { deploymentRow, toDeploymentRow } from "./deployment-row.js";

// A page of the longest rows stays far below what one query may read.
const MAX_PAGE = 500;

/**
 * The target's history, newest first, page by page (`usePaginatedQuery`).
 *
 * Without `paginationOpts`, as a person at a command line calls it, the newest 50.
 *
 * @returns Pages of `DeploymentRow`, at most 500 rows each.
 * @throws {ConvexError} PRIVATE_HISTORY if TIDELINE_PRIVATE_HISTORY is set and `token` is not the
 *   record token; INVALID_ARGUMENT.
 */
export const listDeployments = query({
  args: {
    appName: v.string(),
    environment: v.string(),
    // Optional, but declared to callers as required: `usePaginatedQuery` accepts no other type.
    paginationOpts: v.optional(
      paginationOptsValidator,
    ) as unknown as typeof paginationOptsValidator,
    token: v.optional(v.string()),
  },
  returns: paginationResultValidator(deploymentRow),
  handler: async (
    ctx,
    { token, appName, environment, ...args },
  ): Promise<PaginationResult<DeploymentRow>> => {
    checkTarget("list deployments", { appName, environment });
    checkMayReadHistory(token, { appName, environment });
    const given: typeof args.paginationOpts | undefined = args.paginationOpts;
    const paginationOpts = given ?? { numItems: 50, cursor: null };
    if (!(paginationOpts.numItems >= 1)) {
      throw ledgerError(
        "INVALID_ARGUMENT",
        `Cannot list deployments: expected numItems of at least 1, got ${paginationOpts.numItems}`,
      );
    }
    const numItems = Math.min(Math.floor(paginationOpts.numItems), MAX_PAGE);
    const result = await ctx.db
      .query("deployments")
      .withIndex("by_app_env_sequence", (q) =>
        q.eq("appName", appName).eq("environment", environment),
      )
      .order("desc")
      .paginate({ ...paginationOpts, numItems });
    return { ...result, page: result.page.map((row) => toDeploymentRow(row, token)) };
  },
});
