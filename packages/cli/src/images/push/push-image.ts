/**
 * Brings one image to its tags. A tag that never changes is looked at before anything is sent, again
 * when the layers are there, and once more after it was written: a registry has no way to say "only
 * if it is absent", so two pushers within the same few milliseconds are noticed, not prevented.
 */
import { compareVersions } from "@tideline/version/bump";
import { CommandError } from "../../command-error.js";
import { type ImageTags, isCommitTag } from "../image-tags.js";
import type { Repository } from "../registry/image-name.js";
import type { RegistryTool, StagedImage } from "../registry/registry-tool.js";
import { decideLatest, type LatestDecision } from "./decide-latest.js";
import { digestOf } from "./digest-of.js";
import { readLatest } from "./read-latest.js";
import { versionTags } from "./version-tags.js";

/** What is pushed, and where to. */
export interface ImagePush {
  readonly repository: Repository;
  readonly tags: ImageTags;
  readonly tagSuffix: string;
  readonly version: string;
  /** As skopeo writes it, for example `"oci-archive:image.tar"`. */
  readonly source: string;
  /** What the source's digest has to be; null if any will do. */
  readonly expectedDigest: string | null;
  readonly isLatestForced: boolean;
  readonly isDryRun: boolean;
}

/** What became of an image. */
export interface PushedImage {
  readonly digest: string;
  /** What to deploy, by digest. */
  readonly reference: string;
  /**
   * The tags that never change; `kept` were there before. `left` is the commit's where that is
   * another image: built from other variables, under another version.
   */
  readonly tags: readonly { readonly tag: string; readonly state: "pushed" | "kept" | "left" }[];
  readonly latest: LatestDecision & { readonly tag: string };
}

/**
 * Pushes an image to its tags, or finds that all is there.
 *
 * @throws {CommandError} `conflict`, if a tag that never changes is another image. Before the first
 *   tag is written nothing has changed; afterwards the sentence says what stands.
 */
export async function pushImage(tool: RegistryTool, push: ImagePush): Promise<PushedImage> {
  const staged = await tool.stage(push.source);
  try {
    return await pushStaged(tool, push, staged);
  } finally {
    await staged.dispose();
  }
}

async function pushStaged(
  tool: RegistryTool,
  push: ImagePush,
  staged: StagedImage,
): Promise<PushedImage> {
  const { repository, tags, expectedDigest, isDryRun } = push;
  const digest = digestOf(await tool.readSource(staged));
  if (expectedDigest !== null && digest !== expectedDigest) {
    throw new CommandError(
      "refused",
      `Cannot push "${push.source}": expected the digest ${expectedDigest}, got "${digest}"`,
    );
  }
  // A tag in between could be moved to another image.
  const source = pin(staged, digest);
  const [{ absent, left }, first] = await Promise.all([
    findAbsent(tool, push, digest),
    lookAtLatest(tool, push, digest),
  ]);
  const result = (decision: LatestDecision): PushedImage => ({
    digest,
    reference: `${repository.name}@${digest}`,
    tags: tags.immutable.map((tag) => ({
      tag,
      state: absent.includes(tag) ? "pushed" : left.includes(tag) ? "left" : "kept",
    })),
    latest: { tag: tags.moving, ...decision },
  });
  if (isDryRun || (absent.length === 0 && !first.isMoved)) return result(first);

  const isHere = source.source.startsWith(`docker://${repository.name}@`);
  if (!isHere && absent.length + left.length === tags.immutable.length) {
    await tool.upload(source, repository, digest);
    // Layers take their time, and somebody else may have been faster.
    await findAbsent(tool, push, digest);
  }
  for (const tag of absent) await writeOnce(tool, push, source, digest, tag);
  await findOthers(tool, push, digest, left);
  if (!first.isMoved) return result(first);
  const second = await lookAtLatest(tool, push, digest);
  if (second.isMoved) {
    await tool.tag(source, repository, digest, tags.moving);
    await giveWay(tool, push, source);
  }
  return result(second);
}

function pin(staged: StagedImage, digest: string): StagedImage {
  const { source } = staged;
  if (!source.startsWith("docker://")) return staged;
  const name = source.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return { ...staged, source: `${name}@${digest}` };
}

async function lookAtLatest(
  tool: RegistryTool,
  { repository, tags, tagSuffix, version, isLatestForced }: ImagePush,
  digest: string,
): Promise<LatestDecision> {
  const latest = await readLatest(tool, repository, {
    moving: tags.moving,
    suffix: tagSuffix,
    version,
  });
  return decideLatest({ version, digest, ...latest, isForced: isLatestForced });
}

/**
 * The tags that are not there yet. Those that are have to be this image; only the commit's may be
 * another one, which keeps it.
 */
async function findAbsent(
  tool: RegistryTool,
  { repository, tags }: ImagePush,
  digest: string,
): Promise<{ readonly absent: readonly string[]; readonly left: readonly string[] }> {
  const found = await readTags(tool, repository, tags.immutable);
  const different = [...found].filter(([, there]) => there !== null && there !== digest);
  const others = different.filter(([tag]) => !isCommitTag(tag));
  if (others.length > 0) {
    throw new CommandError(
      "conflict",
      `Cannot push ${repository.name}: expected ${others.map(([tag]) => `"${tag}"`).join(" and ")} to be absent or ${digest}, got "${others.map(([, there]) => there).join('" and "')}"; no tag was changed`,
    );
  }
  return {
    absent: tags.immutable.filter((tag) => found.get(tag) === null),
    left: different.map(([tag]) => tag),
  };
}

/** Whoever wrote last stands; the other has to hear of it. */
async function findOthers(
  tool: RegistryTool,
  { repository, tags }: ImagePush,
  digest: string,
  left: readonly string[],
): Promise<void> {
  const found = await readTags(tool, repository, tags.immutable);
  for (const [tag, there] of found) {
    if (there === digest || left.includes(tag)) continue;
    throw new CommandError(
      "conflict",
      `Cannot keep ${repository.name}:${tag}: expected ${digest}, got "${there ?? "nothing"}", for somebody else wrote it at the same moment; what stands is theirs`,
    );
  }
}

async function readTags(tool: RegistryTool, repository: Repository, tags: readonly string[]) {
  const entries = tags.map(async (tag): Promise<[string, string | null]> => {
    const manifest = await tool.readManifest(repository, `:${tag}`);
    return [tag, manifest === null ? null : digestOf(manifest)];
  });
  return new Map(await Promise.all(entries));
}

async function writeOnce(
  tool: RegistryTool,
  push: ImagePush,
  source: StagedImage,
  digest: string,
  tag: string,
): Promise<void> {
  try {
    await tool.tag(source, push.repository, digest, tag);
  } catch (error) {
    // A registry that keeps tags from changing refuses the second of two pushers: it is the second
    // that has to know whether the first brought the same image.
    const there = (await readTags(tool, push.repository, [tag])).get(tag) ?? null;
    if (there === digest) return;
    if (there === null) throw error;
    throw new CommandError(
      "conflict",
      `Cannot push ${push.repository.name}:${tag}: expected it to be absent or ${digest}, got "${there}"`,
      { cause: error },
    );
  }
}

/**
 * Looks whether a higher release came while `latest` was written. Each pusher writes its version
 * before `latest`, so the one that overwrote a higher `latest` finds that version and puts it back.
 */
async function giveWay(
  tool: RegistryTool,
  { repository, tags, tagSuffix, version, isLatestForced }: ImagePush,
  source: StagedImage,
): Promise<void> {
  if (isLatestForced) return;
  for (let standing = version; ; ) {
    const [highest] = versionTags((await tool.listTags(repository)) ?? [], tagSuffix);
    if (highest === undefined || compareVersions(highest.version, standing) <= 0) return;
    const manifest = await tool.readManifest(repository, `:${highest.tag}`);
    if (manifest === null) return;
    const digest = digestOf(manifest);
    const from = { ...source, source: `docker://${repository.name}@${digest}` };
    await tool.tag(from, repository, digest, tags.moving);
    standing = highest.version;
  }
}
