/** Which inputs were live as which build; for plans, and never for what a record means. */
import type { DeployedInputs, NamedBuild } from "@tideline/version";
import type { MutationCtx, QueryCtx, Row, TargetName } from "../data-model.js";
import type { CheckedRecord } from "./history.js";
import { findNamed } from "./names.js";
import { maySeeCommits } from "./private-commits.js";
import { findBuild, findTarget } from "./target.js";

// Environments are a handful; whoever has more learns of one of the first.
const MAX_ENVIRONMENTS = 100;

/**
 * Remembers for ever that a record's inputs are live as its build.
 *
 * @param build The build's row before this record.
 */
export async function rememberInputs(
  ctx: MutationCtx,
  record: CheckedRecord,
  build: Row<"builds"> | null,
): Promise<void> {
  const { appName, environment, inputsId, buildId, version, gitCommit } = record;
  if (inputsId === null) return;
  const known = await findInputs(ctx, record, inputsId);
  const imageDigest = record.imageDigest ?? build?.imageDigest;
  const row = {
    ...{ appName, environment, inputsId, buildId, version, gitCommit },
    // Absent rather than kept from before: the image of another build is not the image of this one.
    ...(imageDigest !== undefined && { imageDigest }),
    deployedAt: Date.now(),
  };
  if (known === null) await ctx.db.insert("buildInputs", row);
  else await ctx.db.replace(known._id, row);
}

/**
 * Says what is live of a service, and as which build its inputs were live before.
 *
 * @param token The reader's record token, for whom the commits may be private.
 */
export async function deployedInputs(
  ctx: QueryCtx,
  target: TargetName,
  inputsId: string,
  token: string | undefined,
  /** Whose names are asked for; null if none is. */
  versions: readonly string[] | null,
): Promise<DeployedInputs & { named?: NamedBuild[] }> {
  const live = await liveInputs(ctx, target);
  const here = await findInputs(ctx, target, inputsId);
  const known = toKnown(here ?? (await findInputsAnywhere(ctx, target.appName, inputsId)));
  const isShown = maySeeCommits(token, target);
  const named = versions && (await findNamed(ctx, target, versions, isShown));
  const common = { appName: target.appName, ...(named !== null && { named }) };
  if (isShown) return { ...common, live, known };
  return {
    ...common,
    live: live && { ...live, gitCommit: null },
    known: known && { ...known, gitCommit: null },
  };
}

async function liveInputs(ctx: QueryCtx, name: TargetName): Promise<DeployedInputs["live"]> {
  const target = await findTarget(ctx, name);
  if (target === null) return null;
  const live = await ctx.db.get(target.deploymentId);
  // A record that did not say it may have come after one of the same build that did.
  const build = await findBuild(ctx, name, target.buildId);
  return {
    version: live?.version ?? null,
    buildId: target.buildId,
    gitCommit: live?.gitCommit ?? null,
    gitTag: live?.gitTag ?? null,
    inputsId: live?.inputsId ?? build?.inputsId ?? null,
    imageDigest: live?.imageDigest ?? build?.imageDigest ?? null,
    epoch: target.epoch,
    deployedAt: live?.deployedAt ?? null,
    hold: target.hold ?? null,
  };
}

function toKnown(row: Row<"buildInputs"> | null): DeployedInputs["known"] {
  if (row === null) return null;
  const { environment, version, buildId, gitCommit, imageDigest = null } = row;
  return { environment, version, buildId, gitCommit, imageDigest };
}

function findInputs(
  ctx: QueryCtx,
  { appName, environment }: TargetName,
  inputsId: string,
): Promise<Row<"buildInputs"> | null> {
  return ctx.db
    .query("buildInputs")
    .withIndex("by_inputs", (q) =>
      q.eq("appName", appName).eq("inputsId", inputsId).eq("environment", environment),
    )
    .unique();
}

/** The newest of all environments. Equal inputs give equal builds, so a clock's error does no harm. */
async function findInputsAnywhere(
  ctx: QueryCtx,
  appName: string,
  inputsId: string,
): Promise<Row<"buildInputs"> | null> {
  const rows = await ctx.db
    .query("buildInputs")
    .withIndex("by_inputs", (q) => q.eq("appName", appName).eq("inputsId", inputsId))
    .take(MAX_ENVIRONMENTS);
  return rows.reduce<Row<"buildInputs"> | null>(
    (newest, row) => (newest === null || row.deployedAt > newest.deployedAt ? row : newest),
    null,
  );
}
