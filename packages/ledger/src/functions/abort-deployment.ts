import type { Infer, ObjectType } from "convex/values";
import { v } from "convex/values";
import type { MutationCtx } from "../data-model.js";
import { mutation } from "../data-model.js";
import { abortDeployment as abort } from "../model/announce-deployment.js";
import { authorize } from "../model/authorize.js";
import { checkTarget } from "../model/check-arguments.js";
import { refusalAnswer } from "./refusal-answer.js";

/** What an abort says, whoever sends it. */
export const abortArguments = {
  appName: v.string(),
  environment: v.string(),
  buildId: v.string(),
};

/** What `abortDeployment` answers. */
export const abortAnswer = v.union(v.object({ ok: v.literal(true) }), refusalAnswer);

/**
 * Ends the announcement of a build that will not be deployed after all.
 *
 * @returns `{ ok: true }`, or a refusal NOTHING_PENDING; it is safe to call again.
 * @throws {ConvexError} RECORDING_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export const abortDeployment = mutation({
  args: { ...abortArguments, token: v.optional(v.string()) },
  returns: abortAnswer,
  handler: async (ctx, { token, ...args }): Promise<Infer<typeof abortAnswer>> => {
    checkTarget("abort deployment", args);
    authorize(token, args);
    return await abortAs(ctx, args);
  },
});

/** Aborts for a caller that is known already. */
export async function abortAs(
  ctx: MutationCtx,
  args: ObjectType<typeof abortArguments>,
): Promise<Infer<typeof abortAnswer>> {
  if (await abort(ctx, args)) return { ok: true };
  const message = `Cannot abort deployment: build "${args.buildId.slice(0, 140)}" is not pending on ${args.appName}/${args.environment}`;
  return { ok: false, code: "NOTHING_PENDING", message };
}
