import type { UpstreamConfig } from "../config/sync-config.js";
import { SyncError } from "../sync-error.js";
import { askRemotes } from "./ask-remotes.js";
import { Alarms } from "./compare-tags.js";
import type { DetectWorld } from "./detect-world.js";
import type { UpstreamFinding } from "./upstream-finding.js";
import type { UpstreamMemory } from "./upstream-memory.js";

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * An override: this tag or this commit, whatever else there is and however old it is. A commit needs
 * no remote at all. A tag is taken as the first remote that has it names it; one that was seen at
 * another commit is an alarm here as well.
 *
 * @throws {SyncError} `REF_NOT_FOUND` if no remote has the tag.
 */
export async function checkOverride(
  upstream: UpstreamConfig,
  override: string,
  before: UpstreamMemory,
  world: DetectWorld,
): Promise<UpstreamFinding> {
  if (COMMIT.test(override)) {
    const latest = { tag: null, commit: override, remote: null };
    return { latest, pending: null, memory: { ...before, alarms: [] } };
  }
  const names = [override, `${upstream.tagPrefix}${override}`];
  const answers = await askRemotes(
    upstream.remotes,
    names.map((name) => `refs/tags/${name}`),
    world,
  );
  for (const name of names) {
    for (const { remote, refs } of answers.listings) {
      const found = refs.find((ref) => ref.name === `refs/tags/${name}`);
      if (found === undefined) continue;
      const { oid, commit } = found;
      const seen = before.tags[name];
      const alarms = new Alarms(before, world.now());
      if (seen !== undefined && seen.commit !== commit) {
        alarms.add("TAG_MOVED", name, seen.commit, commit, remote);
      }
      const tags = { ...before.tags, [name]: seen ?? { oid, commit, remote, seenAt: null } };
      const latest = { tag: name, commit, remote };
      return { latest, pending: null, memory: { ...before, tags, alarms: alarms.all() } };
    }
  }
  throw new SyncError(
    "REF_NOT_FOUND",
    `Cannot find the override "${override}" at "${upstream.remotes[0]}": expected a tag or all digits of a commit, got no such tag`,
  );
}
