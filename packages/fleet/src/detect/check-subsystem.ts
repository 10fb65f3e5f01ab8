/** One subsystem: what the machine has, what upstream has, and what follows from it. */
import { type UpdateClass, updateClass } from "@tideline/version/fleet";
import semver from "semver";
import type { SubsystemConfig, UpstreamConfig } from "../config/sync-config.js";
import { SyncError } from "../sync-error.js";
import { checkCommits } from "./check-commits.js";
import { checkOverride } from "./check-override.js";
import { checkReleases } from "./check-releases.js";
import { checkTags } from "./check-tags.js";
import type { CheckedSubsystem } from "./checked-subsystem.js";
import { containsCommit } from "./contains-commit.js";
import { type CurrentTag, currentTag } from "./current-tag.js";
import type { CurrentVersion } from "./current-version.js";
import type { DetectWorld } from "./detect-world.js";
import { connectRemote } from "./git-remote.js";
import { isSame, judgeUpdate } from "./judge-update.js";
import type { UpstreamFinding, UpstreamVersion } from "./upstream-finding.js";
import type { UpstreamMemory } from "./upstream-memory.js";
import { versionOfTag } from "./version-tags.js";

/** What a look at the upstream of one subsystem came to. */
export interface SubsystemCheck extends CheckedSubsystem {
  readonly upstream: UpstreamConfig;
  readonly latest: UpstreamVersion | null;
  readonly memory: UpstreamMemory;
}

/**
 * Looks at the upstream of one subsystem. Reads and writes no file.
 *
 * @throws {SyncError} If no remote answers in full, or nothing there is what the configuration names.
 */
export async function checkSubsystem(
  subsystem: SubsystemConfig & { readonly upstream: UpstreamConfig },
  current: CurrentVersion,
  before: UpstreamMemory,
  world: DetectWorld,
): Promise<SubsystemCheck> {
  const { name, upstream, override } = subsystem;
  const finding = await findLatest(subsystem, current, before, world);
  const tag = currentTag(current, finding.memory.tags, upstream.tagPrefix);
  const isAhead = await standsAhead(finding, current, tag, world);
  const { tagPrefix } = upstream;
  const isOverridden = override !== null;
  const verdict = judgeUpdate({ finding, current, tag, tagPrefix, isOverridden, isAhead });
  const isStopped = verdict.state === "quarantined";
  const shown = verdict.state === "waiting" ? (finding.pending ?? finding.latest) : finding.latest;
  const latest = isStopped ? null : (shown ?? nothingNewer(current, tag));
  return {
    ...verdict,
    ...{ name, upstream, override, current, latest },
    ...{ upstreamRepo: upstream.remotes[0] ?? null, strategy: upstream.strategy },
    currentTag: tag?.name ?? null,
    updateClass: classOf(tag, latest, tagPrefix),
    memory: finding.memory,
  };
}

async function findLatest(
  { upstream, override, minimumAgeMs }: SubsystemConfig & { readonly upstream: UpstreamConfig },
  current: CurrentVersion,
  before: UpstreamMemory,
  world: DetectWorld,
): Promise<UpstreamFinding> {
  if (override !== null) return await checkOverride(upstream, override, before, world);
  switch (upstream.strategy) {
    case "tags":
      return await checkTags(upstream, minimumAgeMs, before, world);
    case "commits":
      return await checkCommits(upstream, minimumAgeMs, before, world);
    case "releases": {
      const tag = currentTag(current, before.tags, upstream.tagPrefix)?.name ?? null;
      return await checkReleases(upstream, minimumAgeMs, tag, before, world);
    }
    default:
      upstream.strategy satisfies never;
      throw new TypeError(`Cannot check: expected a strategy, got "${upstream.strategy}"`);
  }
}

/**
 * Whether what runs here comes after the latest: a build between two tags, or a tip that is younger
 * than the minimum age. Null if that cannot be told, or need not.
 */
async function standsAhead(
  { latest, memory }: UpstreamFinding,
  { commit }: CurrentVersion,
  tag: CurrentTag | null,
  world: DetectWorld,
): Promise<boolean | null> {
  if (latest === null || latest.remote === null || commit === null) return null;
  if (isSame(latest.commit, commit)) return null;
  if (latest.tag === null) {
    const at = memory.tips.findLastIndex(({ oid }) => isSame(oid, commit));
    const latestAt = memory.tips.findLastIndex(({ oid }) => oid === latest.commit);
    return at > latestAt ? true : null;
  }
  if (tag !== null || commit.length < 40) return null;
  try {
    const connection = await connectRemote(latest.remote, world);
    const stands = await containsCommit(connection, commit, latest.commit, world);
    return stands === "contained" ? true : stands === "not-contained" ? false : null;
  } catch (error) {
    world.signal.throwIfAborted();
    // The listing was whole; only this last question stays open.
    if (error instanceof SyncError) return null;
    throw error;
  }
}

function nothingNewer({ commit }: CurrentVersion, tag: CurrentTag | null): UpstreamVersion | null {
  return commit === null ? null : { tag: tag?.name ?? null, commit, remote: null };
}

function classOf(
  tag: CurrentTag | null,
  latest: UpstreamVersion | null,
  tagPrefix: string,
): UpdateClass | null {
  const to = latest?.tag == null ? null : versionOfTag(latest.tag, tagPrefix);
  if (tag === null || to === null || semver.compareBuild(to, tag.version) === 0) return null;
  return updateClass(tag.version.version, to.version);
}
