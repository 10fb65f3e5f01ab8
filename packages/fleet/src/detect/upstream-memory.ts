/**
 * What this machine has seen upstream: which commit each tag named, where the branch was, which
 * files a release had, and what nobody has explained yet. It is what a moved tag is noticed by.
 */
import { join } from "node:path";
import * as v from "valibot";
import type { StateFile } from "../engine/state-file.js";

/** What is not right upstream, and stops a subsystem until somebody has looked or it is gone. */
export interface UpstreamAlarm {
  readonly reason:
    | "TAG_MOVED"
    | "TAG_WITHDRAWN"
    | "REMOTES_DISAGREE"
    | "BRANCH_REWRITTEN"
    | "ASSET_REPLACED"
    | "VERSION_UNREADABLE";
  /** The tag or branch, or `tag/file`. */
  readonly ref: string;
  /** What it was: a commit, or a file's digest; null where it was nothing. */
  readonly was: string | null;
  /** What it is now; null where it is gone. */
  readonly now: string | null;
  /** Who says so. */
  readonly remote: string;
  /** When it was noticed first; ms since epoch. */
  readonly since: number;
}

/** A tag as it was seen first. */
export interface SeenTag {
  readonly oid: string;
  readonly commit: string;
  /** The remote that it was seen at. */
  readonly remote: string;
  /** When, in ms since epoch; null for those that were there at the first look. */
  readonly seenAt: number | null;
}

/** Where the branch was. */
export interface SeenTip {
  readonly oid: string;
  readonly remote: string;
  /** As for tags. */
  readonly seenAt: number | null;
}

/** A release as it was seen first. */
export interface SeenRelease {
  readonly id: number;
  /** ms since epoch. */
  readonly publishedAt: number;
  readonly assets: Readonly<Record<string, SeenAsset>>;
}

/** A file of a release. */
export interface SeenAsset {
  readonly id: number;
  readonly size: number;
  /** `sha256:<hex>`, or null where the host does not tell. */
  readonly digest: string | null;
}

/** All of that for one subsystem. */
export interface UpstreamMemory {
  readonly tags: Readonly<Record<string, SeenTag>>;
  /** Oldest first; the last one is the newest that was accepted. */
  readonly tips: readonly SeenTip[];
  /** The branch of the tips. */
  readonly branch: string | null;
  readonly releases: Readonly<Record<string, SeenRelease>>;
  readonly alarms: readonly UpstreamAlarm[];
  /** Keys of alarms that a person has accepted; see {@link alarmKey}. */
  readonly accepted: readonly string[];
}

/** The whole file. */
export interface UpstreamMemories {
  readonly format: 1;
  readonly subsystems: Readonly<Record<string, UpstreamMemory>>;
}

/** Of a subsystem that was never looked at. */
export const NO_MEMORY: UpstreamMemory = {
  tags: {},
  tips: [],
  branch: null,
  releases: {},
  alarms: [],
  accepted: [],
};

const moment = v.nullable(v.number());
const Asset = v.strictObject({ id: v.number(), size: v.number(), digest: v.nullable(v.string()) });
const Release = v.strictObject({
  id: v.number(),
  publishedAt: v.number(),
  assets: v.record(v.string(), Asset),
});
const Alarm = v.strictObject({
  reason: v.picklist([
    "TAG_MOVED",
    "TAG_WITHDRAWN",
    "REMOTES_DISAGREE",
    "BRANCH_REWRITTEN",
    "ASSET_REPLACED",
    "VERSION_UNREADABLE",
  ]),
  ref: v.string(),
  was: v.nullable(v.string()),
  now: v.nullable(v.string()),
  remote: v.string(),
  since: v.number(),
});
const Memory = v.strictObject({
  tags: v.record(
    v.string(),
    v.strictObject({ oid: v.string(), commit: v.string(), remote: v.string(), seenAt: moment }),
  ),
  tips: v.array(v.strictObject({ oid: v.string(), remote: v.string(), seenAt: moment })),
  branch: v.nullable(v.string()),
  releases: v.record(v.string(), Release),
  alarms: v.array(Alarm),
  accepted: v.array(v.string()),
});
const Memories = v.strictObject({ format: v.literal(1), subsystems: v.record(v.string(), Memory) });

/** `upstreams.json` in the state folder. */
export function upstreamsFile(state: string): StateFile<UpstreamMemories> {
  const path = join(state, "upstreams.json");
  return { path, schema: Memories, empty: { format: 1, subsystems: {} } };
}

/** What an alarm is the same as before by: not when, and not who said it. */
export function alarmKey({ reason, ref, was, now }: UpstreamAlarm): string {
  return [reason, ref, was ?? "-", now ?? "-"].join(" ");
}
