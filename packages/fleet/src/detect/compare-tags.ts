/** What the tags of several remotes say together, against what was seen before. Pure. */
import type { UpstreamConfig } from "../config/sync-config.js";
import type { RemoteAnswers } from "./ask-remotes.js";
import {
  alarmKey,
  type SeenTag,
  type UpstreamAlarm,
  type UpstreamMemory,
} from "./upstream-memory.js";
import { byVersionDown, readVersionTags, type VersionTag, versionOfTag } from "./version-tags.js";

/** A version that is offered, and by whom first. */
export interface TagCandidate extends VersionTag {
  readonly remote: string;
  readonly seenAt: number | null;
}

/** What came of the comparison. */
export interface ComparedTags {
  /** Highest first; without prereleases, unless they are wanted. */
  readonly candidates: readonly TagCandidate[];
  /** Names in the family that are no versions, of all remotes. */
  readonly unreadable: readonly string[];
  /** With the new tags and the alarms. */
  readonly memory: UpstreamMemory;
}

/**
 * Compares listings with each other and with the memory.
 *
 * - A tag that names another commit than before is an alarm, and keeps its old commit in the memory.
 * - Two remotes that name different commits for one tag are an alarm.
 * - A lower remote may add versions, never take any away: what a silent remote once said still counts.
 * - The highest version of all that no remote has any more is an alarm: nothing is lowered unasked.
 */
export function compareTags(
  { listings, failures }: RemoteAnswers,
  { tagPrefix, prereleases }: Pick<UpstreamConfig, "tagPrefix" | "prereleases">,
  before: UpstreamMemory,
  now: number,
): ComparedTags {
  const isFirst = !Object.keys(before.tags).some((tag) => versionOfTag(tag, tagPrefix) !== null);
  const seen = new Map(Object.entries(before.tags));
  const named = new Map<string, TagCandidate>();
  const unreadable = new Set<string>();
  const alarms = new Alarms(before, now);
  for (const { remote, refs } of listings) {
    const read = readVersionTags(refs, tagPrefix);
    for (const name of read.unreadable) unreadable.add(name);
    for (const tag of read.versions) {
      const other = named.get(tag.name);
      if (other === undefined) {
        named.set(tag.name, { ...tag, remote, seenAt: seen.get(tag.name)?.seenAt ?? null });
      } else if (other.commit !== tag.commit) {
        alarms.add("REMOTES_DISAGREE", tag.name, other.commit, tag.commit, remote);
      }
    }
  }
  for (const [name, tag] of named) {
    const old = seen.get(name);
    if (old === undefined) {
      const { oid, commit, remote } = tag;
      const fresh: SeenTag = { oid, commit, remote, seenAt: isFirst ? null : now };
      seen.set(name, fresh);
      named.set(name, { ...tag, seenAt: fresh.seenAt });
    } else if (old.commit !== tag.commit) {
      const isOwn = old.remote === tag.remote;
      const reason = isOwn ? "TAG_MOVED" : "REMOTES_DISAGREE";
      alarms.add(reason, name, old.commit, tag.commit, tag.remote);
    }
  }
  const silent = new Set(failures.map(({ remote }) => remote));
  const known = [...named.values(), ...missing(seen, named, tagPrefix)].sort(byVersionDown);
  const wanted = known.filter(({ version }) => prereleases || version.prerelease.length === 0);
  const candidates = wanted.filter(({ name, remote }) => named.has(name) || silent.has(remote));
  const [highest] = wanted;
  if (highest !== undefined && !candidates.includes(highest)) {
    alarms.add("TAG_WITHDRAWN", highest.name, highest.commit, null, highest.remote);
  }
  alarms.keepOf(silent);
  return {
    candidates,
    unreadable: [...unreadable],
    memory: { ...before, tags: Object.fromEntries(seen), alarms: alarms.all() },
  };
}

function missing(
  seen: ReadonlyMap<string, SeenTag>,
  named: ReadonlyMap<string, TagCandidate>,
  tagPrefix: string,
): TagCandidate[] {
  const tags: TagCandidate[] = [];
  for (const [name, { oid, commit, remote, seenAt }] of seen) {
    const version = versionOfTag(name, tagPrefix);
    if (version === null || named.has(name)) continue;
    tags.push({ name, version, oid, commit, remote, seenAt });
  }
  return tags;
}

/** Collects alarms: those that were there before keep their time, those that were accepted are left out. */
export class Alarms {
  readonly #before: UpstreamMemory;
  readonly #now: number;
  readonly #alarms = new Map<string, UpstreamAlarm>();

  constructor(before: UpstreamMemory, now: number) {
    this.#before = before;
    this.#now = now;
  }

  add(
    reason: UpstreamAlarm["reason"],
    ref: string,
    was: string | null,
    now: string | null,
    remote: string,
  ): void {
    const alarm: UpstreamAlarm = { reason, ref, was, now, remote, since: this.#now };
    const key = alarmKey(alarm);
    if (this.#before.accepted.includes(key) || this.#alarms.has(key)) return;
    this.#alarms.set(key, this.#before.alarms.find((old) => alarmKey(old) === key) ?? alarm);
  }

  /** A remote that is silent now has not taken back what it was found at. */
  keepOf(remotes: ReadonlySet<string>): void {
    for (const alarm of this.#before.alarms) {
      if (remotes.has(alarm.remote)) this.#alarms.set(alarmKey(alarm), alarm);
    }
  }

  all(): UpstreamAlarm[] {
    return [...this.#alarms.values()];
  }
}
