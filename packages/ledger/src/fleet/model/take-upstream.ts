import type { FleetUpstream } from "@tideline/version/fleet";
import type { FleetMutationCtx } from "../fleet-data-model.js";
import { writeAudit } from "./write-audit.js";

/** What a developer machine read of one ref. */
export type UpstreamWord = Omit<FleetUpstream, "seenAt">;

/**
 * Writes down what a ref names now. A tag that named another commit is quarantined, whatever its
 * reporter thinks; naming the quarantined commit again, by hand, lets it go.
 */
export async function takeUpstream(
  ctx: FleetMutationCtx,
  word: UpstreamWord,
  actor: string,
): Promise<{ readonly isNew: boolean; readonly isQuarantined: boolean }> {
  const { subsystem, remote, ref, oid, tag } = word;
  const seenAt = Date.now();
  const before = await ctx.db
    .query("upstreams")
    .withIndex("by_ref", (q) => q.eq("subsystem", subsystem).eq("remote", remote).eq("ref", ref))
    .unique();
  const isNew = before?.oid !== oid;
  const hasMoved = before !== null && isNew && tag !== null;
  const isQuarantined = word.isQuarantined || hasMoved;
  if (isQuarantined && (isNew || before?.isQuarantined !== true)) {
    const note = hasMoved
      ? `${ref} of ${remote} named ${before.oid} and names ${oid}`
      : `${ref} of ${remote}`;
    await writeAudit(ctx, { actor, action: "quarantine", subsystem, version: tag, note });
  }
  if (before === null) await ctx.db.insert("upstreams", { ...word, isQuarantined, seenAt });
  else await ctx.db.patch(before._id, { oid, tag, isQuarantined, seenAt });
  return { isNew, isQuarantined };
}
