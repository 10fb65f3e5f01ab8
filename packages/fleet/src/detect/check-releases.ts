import semver from "semver";
import type { UpstreamConfig } from "../config/sync-config.js";
import { askRemotes, type RemoteAnswers } from "./ask-remotes.js";
import { requireVersions, versionOf } from "./check-tags.js";
import { Alarms, type ComparedTags, compareTags, type TagCandidate } from "./compare-tags.js";
import type { DetectWorld } from "./detect-world.js";
import { replacedAssets } from "./replaced-assets.js";
import { tooYoung } from "./too-young.js";
import type { PendingVersion, UpstreamFinding } from "./upstream-finding.js";
import { alarmKey, type SeenRelease, type UpstreamMemory } from "./upstream-memory.js";
import { latestRelease, releaseOfTag, type UpstreamRelease } from "./upstream-release.js";
import { tagRefPrefix, versionOfTag } from "./version-tags.js";

// Tags without a release, above the one that has: each costs one of 60 requests an hour.
const MAX_ASKED = 20;

/**
 * Strategy `releases`: the highest version that is released, complete and old enough.
 *
 * The tags come from git, whose listing is complete or an error and costs no request of the REST
 * interface; then the releases are asked for one by one, from the highest tag down. A tag without a
 * release, a draft and a prerelease are passed over; a release without its files waits, and the next
 * lower one counts meanwhile.
 *
 * @param currentTag What is installed, so that nothing below is asked for; null if that is not known.
 */
export async function checkReleases(
  upstream: UpstreamConfig,
  minimumAgeMs: number,
  currentTag: string | null,
  before: UpstreamMemory,
  world: DetectWorld,
): Promise<UpstreamFinding> {
  const prefix = tagRefPrefix(upstream.tagPrefix);
  const answers = await askRemotes(upstream.remotes, [prefix], world);
  const compared = compareTags(answers, upstream, before, world.now());
  if (compared.candidates.length === 0 && compared.unreadable.length > 0) {
    return await checkUnreadable(upstream, answers, compared, before, world);
  }
  requireVersions(upstream, compared.candidates.length, compared.unreadable);
  const floor = currentTag === null ? null : versionOfTag(currentTag, upstream.tagPrefix);
  const alarms = new Alarms(before, world.now());
  const releases: Record<string, SeenRelease> = { ...before.releases };
  let latest: TagCandidate | null = null;
  let pending: PendingVersion | null = null;
  let asked = 0;
  for (const candidate of compared.candidates) {
    if (floor !== null && semver.compareBuild(candidate.version, floor) < 0) break;
    if (asked === MAX_ASKED) break;
    asked += 1;
    const release = await releaseOfTag(candidate.remote, candidate.name, world);
    if (release === null || release.isDraft || (release.isPrerelease && !upstream.prereleases)) {
      continue;
    }
    const seen = releases[candidate.name];
    for (const { name, was, now } of replacedAssets(seen?.assets ?? {}, release.assets)) {
      const ref = `${candidate.name}/${name}`;
      alarms.add("ASSET_REPLACED", ref, was, now, candidate.remote);
    }
    const waits = whyWaits(candidate, release, compared, releases, minimumAgeMs, world.now());
    if (waits?.reason !== "AWAITING_ASSETS") releases[candidate.name] = remembered(release, seen);
    if (waits === null) {
      latest = candidate;
      break;
    }
    pending ??= waits;
  }
  alarms.keepOf(new Set(answers.failures.map(({ remote }) => remote)));
  const { memory } = compared;
  const all = [...memory.alarms, ...alarms.all()];
  const distinct = new Map(all.map((alarm) => [alarmKey(alarm), alarm]));
  return {
    latest: latest && versionOf(latest),
    pending,
    memory: { ...memory, releases, alarms: [...distinct.values()] },
  };
}

function whyWaits(
  candidate: TagCandidate,
  release: UpstreamRelease,
  { candidates }: ComparedTags,
  releases: Readonly<Record<string, SeenRelease>>,
  minimumAgeMs: number,
  now: number,
): PendingVersion | null {
  const { name } = candidate;
  const unfinished = release.assets.filter(({ isUploaded }) => !isUploaded);
  // Some upstreams publish source alone; one whose earlier releases had files is not done yet.
  const hadFiles = candidates.some(
    (other) => other.name !== name && Object.keys(releases[other.name]?.assets ?? {}).length > 0,
  );
  const isEmpty = release.assets.length === 0 && hadFiles;
  if (unfinished.length > 0 || isEmpty) {
    const what = isEmpty ? "has no files yet" : `has ${unfinished.length} files to come`;
    return { ...versionOf(candidate), reason: "AWAITING_ASSETS", detail: `${name} ${what}` };
  }
  const detail = tooYoung(name, release.publishedAt, minimumAgeMs, now);
  return detail === null ? null : { ...versionOf(candidate), reason: "TOO_YOUNG", detail };
}

/** What was seen first stays; files that came later are added. */
function remembered(release: UpstreamRelease, seen: SeenRelease | undefined): SeenRelease {
  const assets = Object.fromEntries(
    release.assets.map(({ name, id, size, digest }) => [name, { id, size, digest }]),
  );
  const publishedAt = seen?.publishedAt ?? release.publishedAt ?? 0;
  return { id: release.id, publishedAt, assets: { ...assets, ...seen?.assets } };
}

/** Without a version nothing says which tag is newer; the host's own word needs a person's yes. */
async function checkUnreadable(
  upstream: UpstreamConfig,
  { listings }: RemoteAnswers,
  { unreadable, memory }: ComparedTags,
  before: UpstreamMemory,
  world: DetectWorld,
): Promise<UpstreamFinding> {
  for (const { remote, refs } of listings) {
    const release = await latestRelease(remote, world);
    const ref = refs.find(({ name }) => name === `refs/tags/${release?.tag}`);
    if (release === null || ref === undefined || release.isDraft) continue;
    const alarms = new Alarms(before, world.now());
    alarms.add("VERSION_UNREADABLE", release.tag, null, ref.commit, remote);
    const latest = { tag: release.tag, commit: ref.commit, remote };
    return { latest, pending: null, memory: { ...memory, alarms: alarms.all() } };
  }
  requireVersions(upstream, 0, unreadable);
  return { latest: null, pending: null, memory };
}
