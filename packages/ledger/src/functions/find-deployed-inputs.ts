import { v } from "convex/values";
import { query } from "../data-model.js";
import { checkInputsId, checkTarget } from "../model/check-arguments.js";
import { deployedInputs } from "../model/inputs.js";
import { ledgerError } from "../model/ledger-error.js";
import { checkMayReadHistory } from "../model/private-history.js";

const DOING = "find deployed inputs";
// Each reads a handful of rows; so many stay far below what one query may read.
const MAX_SERVICES = 200;
const MAX_VERSIONS = 5;

/**
 * Says for each service what is live in the environment, and whether a build of exactly these
 * inputs was live before; of `versions` also what each was ever the name of. What `tideline plan`
 * compares with.
 *
 * @returns One `DeployedInputs` for each of `services`, in their order.
 * @throws {ConvexError} PRIVATE_HISTORY if TIDELINE_PRIVATE_HISTORY is set and `token` is not the
 *   record token of each of them; INVALID_ARGUMENT.
 */
export const findDeployedInputs = query({
  args: {
    environment: v.string(),
    services: v.array(v.object({ appName: v.string(), inputsId: v.string() })),
    versions: v.optional(v.array(v.string())),
    token: v.optional(v.string()),
  },
  returns: v.array(
    v.object({
      appName: v.string(),
      live: v.union(
        v.null(),
        v.object({
          version: v.union(v.string(), v.null()),
          buildId: v.string(),
          gitCommit: v.union(v.string(), v.null()),
          gitTag: v.union(v.string(), v.null()),
          inputsId: v.union(v.string(), v.null()),
          imageDigest: v.union(v.string(), v.null()),
          epoch: v.number(),
          deployedAt: v.union(v.number(), v.null()),
          hold: v.union(v.object({ reason: v.string(), since: v.number() }), v.null()),
        }),
      ),
      known: v.union(
        v.null(),
        v.object({
          environment: v.string(),
          version: v.string(),
          buildId: v.string(),
          gitCommit: v.union(v.string(), v.null()),
          imageDigest: v.union(v.string(), v.null()),
        }),
      ),
      named: v.optional(
        v.array(
          v.object({
            version: v.string(),
            environment: v.string(),
            inputsId: v.union(v.string(), v.null()),
            gitCommit: v.union(v.string(), v.null()),
            imageDigest: v.union(v.string(), v.null()),
          }),
        ),
      ),
    }),
  ),
  handler: async (ctx, { environment, services, versions, token }) => {
    if (services.length > MAX_SERVICES) {
      throw ledgerError(
        "INVALID_ARGUMENT",
        `Cannot ${DOING}: expected at most ${MAX_SERVICES} services, got ${services.length}`,
      );
    }
    if (versions !== undefined && versions.length > MAX_VERSIONS) {
      throw ledgerError(
        "INVALID_ARGUMENT",
        `Cannot ${DOING}: expected at most ${MAX_VERSIONS} versions, got ${versions.length}`,
      );
    }
    for (const { appName, inputsId } of services) {
      checkTarget(DOING, { appName, environment });
      checkInputsId(DOING, inputsId);
      checkMayReadHistory(token, { appName, environment });
    }
    return await Promise.all(
      services.map(({ appName, inputsId }) =>
        deployedInputs(ctx, { appName, environment }, inputsId, token, versions ?? null),
      ),
    );
  },
});
