/** One release of an upstream as GitHub's REST interface tells it: https://docs.github.com/rest/releases */
import * as v from "valibot";
import { SyncError } from "../sync-error.js";
import { askGithub } from "./ask-github.js";
import type { DetectWorld } from "./detect-world.js";
import { githubAddress } from "./github-address.js";
import type { SeenAsset } from "./upstream-memory.js";

/** What detection reads of a release. */
export interface UpstreamRelease {
  readonly id: number;
  readonly tag: string;
  readonly isDraft: boolean;
  readonly isPrerelease: boolean;
  /** ms since epoch; null for a draft. */
  readonly publishedAt: number | null;
  readonly assets: readonly UpstreamAsset[];
}

/** One of its files. */
export interface UpstreamAsset extends SeenAsset {
  readonly name: string;
  /** False while it is being uploaded. */
  readonly isUploaded: boolean;
}

const time = v.pipe(
  v.string(),
  v.transform((text) => Date.parse(text)),
  v.number("a time"),
);
const Shape = v.object({
  id: v.number(),
  tag_name: v.string(),
  draft: v.boolean(),
  prerelease: v.boolean(),
  published_at: v.nullable(time),
  assets: v.array(
    v.object({
      id: v.number(),
      name: v.string(),
      size: v.number(),
      state: v.string(),
      digest: v.optional(v.nullable(v.string())),
    }),
  ),
});

/** Gives the release of a tag; null if there is none, or only a draft. */
export async function releaseOfTag(
  remote: string,
  tag: string,
  world: DetectWorld,
): Promise<UpstreamRelease | null> {
  return await readRelease(remote, `/releases/tags/${encodeURIComponent(tag)}`, world);
}

/** Gives what the host calls the latest release; a hint, as anybody who may publish sets it. */
export async function latestRelease(
  remote: string,
  world: DetectWorld,
): Promise<UpstreamRelease | null> {
  return await readRelease(remote, "/releases/latest", world);
}

async function readRelease(
  remote: string,
  path: string,
  world: DetectWorld,
): Promise<UpstreamRelease | null> {
  const address = `${githubAddress(remote)}${path}`;
  const json = await askGithub(address, world);
  if (json === null) return null;
  const parsed = v.safeParse(Shape, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new SyncError(
      "REMOTE_NOT_GIT",
      `Cannot read "${address}": expected a release (${v.getDotPath(issue) ?? "all of it"}), got something else`,
    );
  }
  const { id, tag_name, draft, prerelease, published_at, assets } = parsed.output;
  return {
    ...{ id, tag: tag_name, isDraft: draft, isPrerelease: prerelease, publishedAt: published_at },
    assets: assets.map(({ state, digest, ...asset }) => ({
      ...asset,
      isUploaded: state === "uploaded",
      digest: digest ?? null,
    })),
  };
}
