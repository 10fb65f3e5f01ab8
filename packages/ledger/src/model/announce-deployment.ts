/** Pending builds: announced by a deployer before it switches anything, ended by a mutation always. */
import type { AnnounceAnswer } from "@tideline/version";
import { makeFunctionReference } from "convex/server";
import type { Id, MutationCtx } from "../data-model.js";
import { classify } from "./classify.js";
import type { Wish } from "./gather-facts.js";
import { gatherFacts } from "./gather-facts.js";
import { rememberName } from "./names.js";
import { pendingTtlMs } from "./settings.js";
import { findBuild, findTarget } from "./target.js";

/** By path, because the ledger cannot import the generated `api` of the app that re-exports it. */
const EXPIRE_PENDING_BUILD = makeFunctionReference<
  "mutation",
  { id: Id<"builds">; expiresAt: number }
>("deployments:expirePendingBuild");

/**
 * Says that a build is on its way, so that pages which run it before its record arrives say
 * nothing. Refused where recording would be. Announcing again renews the time.
 */
export async function announceDeployment(
  ctx: MutationCtx,
  wish: Omit<Wish, "asOfEpoch">,
): Promise<AnnounceAnswer> {
  const target = await findTarget(ctx, wish);
  const build = await findBuild(ctx, wish, wish.buildId);
  const facts = await gatherFacts(ctx, { ...wish, asOfEpoch: null }, target, build);
  const { refusal } = classify(facts);
  if (refusal !== null) return { ok: false, code: refusal.code, message: refusal.message };

  const { appName, environment, buildId, version, gitCommit, inputsId, imageDigest } = wish;
  const epoch = target?.epoch ?? 0;
  await rememberName(ctx, wish, build);
  // A build that pages may have run already must be judged by where it was, not hushed up.
  if (build !== null && build.state.kind !== "pending") {
    return { ok: true, state: "live", buildId, epoch, expiresAt: null };
  }
  const announcedAt = Date.now();
  const expiresAt = announcedAt + pendingTtlMs();
  // Announced anew, its pages may be as old as the first announcement.
  const since = build?.state.kind === "pending" ? (build.state.epoch ?? 0) : epoch;
  const row = {
    ...{ appName, environment, buildId, version, gitCommit },
    ...(inputsId !== null && { inputsId }),
    ...(imageDigest !== null && { imageDigest }),
    state: { kind: "pending" as const, announcedAt, expiresAt, epoch: since },
  };
  const id = build === null ? await ctx.db.insert("builds", row) : build._id;
  if (build !== null) await ctx.db.patch(id, row);
  await ctx.scheduler.runAt(expiresAt, EXPIRE_PENDING_BUILD, { id, expiresAt });
  return { ok: true, state: "pending", buildId, epoch, expiresAt };
}

/**
 * Ends an announcement by hand.
 *
 * @returns False if the build was not pending.
 */
export async function abortDeployment(
  ctx: MutationCtx,
  wish: Pick<Wish, "appName" | "environment" | "buildId">,
): Promise<boolean> {
  const build = await findBuild(ctx, wish, wish.buildId);
  if (build?.state.kind !== "pending") return false;
  await ctx.db.delete(build._id);
  return true;
}

/**
 * Ends an announcement whose time is over, unless it ended or was renewed in the meantime.
 *
 * Its deployer died, or recorded another build that it found in its place; between the two it may
 * have served this one. Pages that run it would never hear of an update if it were forgotten and
 * the build before it is put back, which moves no epoch.
 */
export async function expirePendingBuild(
  ctx: MutationCtx,
  { id, expiresAt }: { readonly id: Id<"builds">; readonly expiresAt: number },
): Promise<void> {
  const build = await ctx.db.get(id);
  if (build?.state.kind === "pending" && build.state.expiresAt === expiresAt) {
    await ctx.db.patch(id, { state: { kind: "overtaken", epoch: build.state.epoch ?? 0 } });
  }
}
