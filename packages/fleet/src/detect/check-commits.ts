import type { UpstreamConfig } from "../config/sync-config.js";
import { SyncError } from "../sync-error.js";
import { askRemotes, type RemoteListing } from "./ask-remotes.js";
import { compareCommits } from "./compare-commits.js";
import { Alarms } from "./compare-tags.js";
import { containsCommit } from "./contains-commit.js";
import type { DetectWorld } from "./detect-world.js";
import { tooYoung } from "./too-young.js";
import type { PendingVersion, UpstreamFinding } from "./upstream-finding.js";
import type { SeenTip, UpstreamMemory } from "./upstream-memory.js";

// More than anybody pushes within the longest minimum age that makes sense.
const MAX_TIPS = 200;

/**
 * How a branch moved. `unknown-there`: the remote does not have the last commit; `changed`: it moved, and
 * nobody says how.
 */
type Move = "forward" | "rewritten" | "unknown-there" | "changed";

/**
 * Strategy `commits`: the tip of one branch. Commits have no order of their own; they are equal or
 * they are not, and only the server's history says whether one follows another.
 *
 * A tip that does not follow the one before was pushed by force: an alarm. A lower remote's tip counts
 * if it follows the higher one's, and never replaces it otherwise.
 *
 * @throws {SyncError} `REF_NOT_FOUND` if no remote has the branch.
 */
export async function checkCommits(
  upstream: UpstreamConfig,
  minimumAgeMs: number,
  before: UpstreamMemory,
  world: DetectWorld,
): Promise<UpstreamFinding> {
  const ref = `refs/heads/${upstream.branch}`;
  const answers = await askRemotes(upstream.remotes, [ref], world);
  const tips = answers.listings.flatMap((listing) => {
    // The prefix also gives `refs/heads/main-2`.
    const found = listing.refs.find(({ name }) => name === ref);
    return found === undefined ? [] : [{ listing, oid: found.oid }];
  });
  const [first, ...lower] = tips;
  if (first === undefined) {
    throw new SyncError(
      "REF_NOT_FOUND",
      `Cannot find "${upstream.branch}" at "${upstream.remotes[0]}": expected a branch, got none`,
    );
  }
  let newest = first;
  for (const tip of lower) {
    if (tip.oid === newest.oid) continue;
    const stands = await containsCommit(tip.listing.connection, tip.oid, newest.oid, world);
    if (stands === "contained") newest = tip;
  }
  const alarms = new Alarms(before, world.now());
  const known = before.branch === upstream.branch ? before.tips : [];
  const silent = new Set(answers.failures.map(({ remote }) => remote));
  const seen = await follow(
    known,
    newest,
    { remotes: upstream.remotes, silent, alarms, ref },
    world,
  );
  alarms.keepOf(silent);
  const memory: UpstreamMemory = {
    ...before,
    branch: upstream.branch,
    tips: prune(seen, minimumAgeMs, world.now()),
    alarms: alarms.all(),
  };
  return { ...newestOldEnough(seen, upstream.branch, minimumAgeMs, world.now()), memory };
}

async function follow(
  known: readonly SeenTip[],
  { listing, oid }: { readonly listing: RemoteListing; readonly oid: string },
  { remotes, silent, alarms, ref }: Following,
  world: DetectWorld,
): Promise<readonly SeenTip[]> {
  const { remote } = listing;
  const last = known.at(-1);
  if (last === undefined) return [{ oid, remote, seenAt: null }];
  if (last.oid === oid) return known;
  const move = await moveOf(listing, last.oid, oid, world);
  if (move === "forward" || move === "changed") {
    return [...known, { oid, remote, seenAt: world.now() }];
  }
  // Another remote than the one that is silent now may only be behind; nothing is lowered by it.
  const isBelow = rank(remotes, remote) > rank(remotes, last.remote);
  const isBehind = move === "unknown-there" && remote !== last.remote && silent.has(last.remote);
  if (!isBelow && !isBehind) alarms.add("BRANCH_REWRITTEN", ref, last.oid, oid, remote);
  return known;
}

interface Following {
  readonly remotes: readonly string[];
  /** Those that did not answer. */
  readonly silent: ReadonlySet<string>;
  readonly alarms: Alarms;
  readonly ref: string;
}

async function moveOf(
  { connection, remote }: RemoteListing,
  from: string,
  to: string,
  world: DetectWorld,
): Promise<Move> {
  const stands = await containsCommit(connection, to, from, world);
  if (stands === "contained") return "forward";
  if (stands === "gone") return "unknown-there";
  if (stands === "not-contained") return "rewritten";
  const compared = await compareCommits(remote, from, to, world);
  if (compared === null) return "changed";
  return compared === "ahead" ? "forward" : "rewritten";
}

function rank(remotes: readonly string[], remote: string): number {
  const index = remotes.indexOf(remote);
  return index === -1 ? remotes.length : index;
}

function newestOldEnough(
  tips: readonly SeenTip[],
  branch: string,
  minimumAgeMs: number,
  now: number,
): Omit<UpstreamFinding, "memory"> {
  let pending: PendingVersion | null = null;
  for (const { oid, remote, seenAt } of [...tips].reverse()) {
    const version = { tag: null, commit: oid, remote };
    const detail = tooYoung(`${oid.slice(0, 12)} on ${branch}`, seenAt, minimumAgeMs, now);
    if (detail === null) return { latest: version, pending };
    pending ??= { ...version, reason: "TOO_YOUNG", detail };
  }
  return { latest: null, pending };
}

/** Keeps the newest tip that is old enough, what came after it, and one before, for what is installed. */
function prune(tips: readonly SeenTip[], minimumAgeMs: number, now: number): SeenTip[] {
  const old = tips.findLastIndex(({ seenAt }) => tooYoung("", seenAt, minimumAgeMs, now) === null);
  return tips.slice(Math.max(old - 1, 0)).slice(-MAX_TIPS);
}
