/** What each version was ever the name of; for plans, and never for what a record means. */
import type { NamedBuild } from "@tideline/version";
import type { MutationCtx, QueryCtx, Row, TargetName } from "../data-model.js";
import type { Wish } from "./gather-facts.js";

// A version names one thing or a few; so many already say that it is no free name.
const MAX_ROWS = 10;

/**
 * Remembers for ever what a version is the name of, from the moment that it is announced: its
 * images are pushed before it is live.
 *
 * @param build The build's row before this change: it says what the change leaves out.
 */
export async function rememberName(
  ctx: MutationCtx,
  wish: Pick<
    Wish,
    "appName" | "environment" | "version" | "inputsId" | "imageDigest" | "gitCommit"
  >,
  build: Row<"builds"> | null,
): Promise<void> {
  const { appName, environment, version, imageDigest, gitCommit } = wish;
  const inputsId = wish.inputsId ?? build?.inputsId;
  const rows = await ctx.db
    .query("buildVersions")
    .withIndex("by_version", (q) =>
      q
        .eq("appName", appName)
        .eq("version", version)
        .eq("environment", environment)
        .eq("inputsId", inputsId),
    )
    .take(MAX_ROWS);
  if (imageDigest === null) {
    if (rows.length > 0) return;
  } else {
    if (rows.some((row) => row.imageDigest === imageDigest)) return;
    // Announced without its image, which is known now.
    const open = rows.find((row) => row.imageDigest === undefined);
    if (open !== undefined) return await ctx.db.patch(open._id, { imageDigest });
  }
  await ctx.db.insert("buildVersions", {
    ...{ appName, environment, version, gitCommit },
    ...(inputsId !== undefined && { inputsId }),
    ...(imageDigest !== null && { imageDigest }),
  });
}

/**
 * Says what some versions of a service were ever the name of, in this environment and in others.
 *
 * @param maySeeCommits Whether the reader may see which commits it came from.
 */
export async function findNamed(
  ctx: QueryCtx,
  { appName, environment }: TargetName,
  versions: readonly string[],
  maySeeCommits: boolean,
): Promise<NamedBuild[]> {
  const found = await Promise.all(
    versions.flatMap((version) => {
      const ofVersion = () => ctx.db.query("buildVersions");
      return [
        ofVersion()
          .withIndex("by_version", (q) =>
            q.eq("appName", appName).eq("version", version).eq("environment", environment),
          )
          .take(MAX_ROWS),
        ofVersion()
          .withIndex("by_version", (q) => q.eq("appName", appName).eq("version", version))
          .take(MAX_ROWS),
      ];
    }),
  );
  const rows = new Map(found.flat().map((row) => [row._id, row]));
  return [...rows.values()].map((row) => ({
    version: row.version,
    environment: row.environment,
    inputsId: row.inputsId ?? null,
    gitCommit: maySeeCommits ? row.gitCommit : null,
    imageDigest: row.imageDigest ?? null,
  }));
}
