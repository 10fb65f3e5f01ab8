/**
 * Takes a record or refuses it: the one place that moves a target's pointer.
 * Does not decide what a record means (see classify.ts) and does not know who calls.
 */
import type { RecordAnswer } from "@tideline/version";
import type { MutationCtx, Row } from "../data-model.js";
import type { Classification } from "./classify.js";
import { classify } from "./classify.js";
import { rememberCommit } from "./commits.js";
import { gatherFacts } from "./gather-facts.js";
import type { CheckedRecord } from "./history.js";
import { appendRow, isTaken } from "./history.js";
import { findByIdempotencyKey, isRepeat, isSame, repeatAnswer } from "./idempotency.js";
import { rememberInputs } from "./inputs.js";
import { ledgerError } from "./ledger-error.js";
import { rememberName } from "./names.js";
import { pruneHistory } from "./prune-history.js";
import { historyLimit } from "./settings.js";
import { findBuild, findTarget } from "./target.js";

/** Records what is live on a target now. */
export async function recordDeployment(
  ctx: MutationCtx,
  record: CheckedRecord,
): Promise<RecordAnswer> {
  const target = await findTarget(ctx, record);
  const epoch = target?.epoch ?? 0;
  const earlier = await findByIdempotencyKey(ctx, record);
  if (earlier !== null && isTaken(earlier) && isRepeat(earlier, record, epoch)) {
    return repeatAnswer(earlier, record);
  }
  const build = await findBuild(ctx, record, record.buildId);
  if (record.asOfEpoch !== null && record.asOfEpoch > epoch) {
    throw ledgerError(
      "INVALID_ARGUMENT",
      `Cannot record deployment: expected asOfEpoch of at most ${epoch}, got ${record.asOfEpoch}`,
    );
  }
  const { kind, refusal } = classify(await gatherFacts(ctx, record, target, build));

  if (refusal !== null) {
    await settleRefusedBuild(ctx, build, refusal.code, record);
    // A refusal settles nothing, so its repeat is judged again; a row of it is enough.
    if (earlier === null || earlier.refusal !== refusal.code || !isSame(earlier, record)) {
      const status = refusal.code === "SUPERSEDED" ? "superseded" : "refused";
      const row = await appendRow(ctx, record, { kind, epoch, status, refusal: refusal.code });
      await pruneHistory(ctx, record, row.sequence, historyLimit(), target?.deploymentId ?? null);
    }
    return { ok: false, code: refusal.code, message: refusal.message };
  }
  return await take(ctx, record, kind, target, build);
}

async function take(
  ctx: MutationCtx,
  record: CheckedRecord,
  kind: Classification["kind"],
  target: Row<"targets"> | null,
  build: Row<"builds"> | null,
): Promise<RecordAnswer> {
  const isRedeploy = kind === "redeploy" && target !== null;
  const epoch = isRedeploy ? target.epoch : (target?.epoch ?? 0) + 1;
  const row = await appendRow(ctx, record, { kind, epoch, status: "live" });

  const replaced = target && (await ctx.db.get(target.deploymentId));
  if (replaced) await ctx.db.patch(replaced._id, { status: "replaced" });

  const firstEpoch = build?.state.kind === "known" ? build.state.firstEpoch : epoch;
  await writeBuild(ctx, record, build, { kind: "known", firstEpoch, lastEpoch: epoch });
  await rememberCommit(ctx, record, record.gitCommit, epoch);
  await rememberInputs(ctx, record, build);
  const imageDigest = record.imageDigest ?? build?.imageDigest ?? null;
  await rememberName(ctx, { ...record, imageDigest }, build);

  const pointer = {
    deploymentId: row._id,
    buildId: record.buildId,
    epoch,
    firstEpoch,
    kind: isRedeploy ? target.kind : kind === "rollback" ? ("rollback" as const) : "deploy",
    ...(record.severity === "critical" && { criticalEpoch: epoch }),
    ...(kind === "rollback" && { lastRollbackEpoch: epoch }),
  } as const;
  if (target === null) {
    const { appName, environment } = record;
    await ctx.db.insert("targets", { appName, environment, ...pointer });
  } else {
    await ctx.db.patch(target._id, pointer);
  }
  await pruneHistory(ctx, record, row.sequence, historyLimit(), row._id);
  return {
    ok: true,
    deploymentId: row._id,
    kind,
    buildId: record.buildId,
    epoch,
    alreadyRecorded: false,
  };
}

/** A refused record ends its announcement; an overtaken build may run in pages, so it is kept. */
async function settleRefusedBuild(
  ctx: MutationCtx,
  build: Row<"builds"> | null,
  code: string,
  record: CheckedRecord,
): Promise<void> {
  if (build !== null && build.state.kind !== "pending") return;
  if (code === "SUPERSEDED") {
    await writeBuild(ctx, record, build, { kind: "overtaken", epoch: record.asOfEpoch ?? 0 });
  } else if (build !== null) {
    await ctx.db.delete(build._id);
  }
}

async function writeBuild(
  ctx: MutationCtx,
  record: CheckedRecord,
  build: Row<"builds"> | null,
  state: Row<"builds">["state"],
): Promise<void> {
  const { appName, environment, buildId, version, gitCommit, inputsId, imageDigest } = record;
  const row = {
    ...{ version, gitCommit, state },
    // What is not said this time stays as it was: the bytes are the same.
    ...(inputsId !== null && { inputsId }),
    ...(imageDigest !== null && { imageDigest }),
  };
  if (build === null) await ctx.db.insert("builds", { appName, environment, buildId, ...row });
  else await ctx.db.patch(build._id, row);
}
