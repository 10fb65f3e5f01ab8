import { v } from "convex/values";
import { mutation } from "../data-model.js";
import { abortDeployment as abort } from "../model/announce-deployment.js";
import { authorize } from "../model/authorize.js";
import { checkTarget } from "../model/check-arguments.js";
import { refusalAnswer } from "./refusal-answer.js";

/**
 * Ends the announcement of a build that will not be deployed after all.
 *
 * @returns `{ ok: true }`, or a refusal NOTHING_PENDING; it is safe to call again.
 * @throws {ConvexError} RECORDING_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export const abortDeployment = mutation({
  args: {
    appName: v.string(),
    environment: v.string(),
    buildId: v.string(),
    token: v.optional(v.string()),
  },
  returns: v.union(v.object({ ok: v.literal(true) }), refusalAnswer),
  handler: async (ctx, { token, ...args }) => {
    checkTarget("abort deployment", args);
    authorize(token, args);
    if (await abort(ctx, args)) return { ok: true as const };
    const message = `Cannot abort deployment: build "${args.buildId.slice(0, 140)}" is not pending on ${args.appName}/${args.environment}`;
    return { ok: false as const, code: "NOTHING_PENDING" as const, message };
  },
});
