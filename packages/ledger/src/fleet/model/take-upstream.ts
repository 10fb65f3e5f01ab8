import type { FleetUpstream } from "@tideline/version/fleet";
import type { FleetMutationCtx } from "../fleet-data-model.js";
import { writeAudit } from "./write-audit.js";

/** What a developer machine read of one ref. */
export interface UpstreamWord extends Omit<FleetUpstream, "seenAt"> {
  /** True: a person has looked at the commit that is quarantined, and lets it go. */
  readonly isReleased: boolean;
}

/**
 * Writes down what a ref names now. A tag that named another commit is quarantined, whatever its
 * reporter thinks, and stays so for as long as it names that commit, whoever else reports it: only a
 * person lets it go, and only that very commit.
 */
export async function takeUpstream(
  ctx: FleetMutationCtx,
  word: UpstreamWord,
  actor: string,
): Promise<{ readonly isNew: boolean; readonly isQuarantined: boolean }> {
  const { isReleased, ...fields } = word;
  const { subsystem, remote, ref, oid, tag } = word;
  const seenAt = Date.now();
  const before = await ctx.db
    .query("upstreams")
    .withIndex("by_ref", (q) => q.eq("subsystem", subsystem).eq("remote", remote).eq("ref", ref))
    .unique();
  const isNew = before?.oid !== oid;
  const hasMoved = before !== null && isNew && tag !== null;
  const wasQuarantined = before?.isQuarantined === true;
  const isLetGo = isReleased && !isNew;
  const isQuarantined = !isLetGo && (word.isQuarantined || hasMoved || (wasQuarantined && !isNew));
  if (isQuarantined && (isNew || !wasQuarantined)) {
    const note = hasMoved
      ? `${ref} of ${remote} named ${before.oid} and names ${oid}`
      : `${ref} of ${remote}`;
    await writeAudit(ctx, { actor, action: "quarantine", subsystem, version: tag, note });
  }
  if (isLetGo && wasQuarantined) {
    const note = `${ref} of ${remote} may name ${oid}`;
    await writeAudit(ctx, { actor, action: "approve", subsystem, version: tag, note });
  }
  if (before === null) await ctx.db.insert("upstreams", { ...fields, isQuarantined, seenAt });
  else await ctx.db.patch(before._id, { oid, tag, isQuarantined, seenAt });
  return { isNew, isQuarantined };
}
