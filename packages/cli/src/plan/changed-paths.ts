/** Which files make a service another than what is live. For people: a shallow clone cannot say. */
import { type InputTree, listInputs, readInputTree } from "@tideline/stamp";
import type { TidelineConfig } from "../config/config.js";
import type { Env } from "../terminal.js";
import { serviceInputs } from "./service-inputs.js";

/** Gives by service the paths in which its inputs differ; nothing of those that it cannot compare. */
export async function changedPaths(
  config: TidelineConfig,
  tree: InputTree,
  env: Env,
  /** The commit that is live, by service. */
  liveCommits: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  // A clone without all objects must not fetch them for a table.
  const offline = { ...env, GIT_NO_LAZY_FETCH: "1" };
  const trees = new Map<string, InputTree | null>();
  for (const commit of new Set(liveCommits.values())) {
    // A shallow clone has no such commit, and a force push may have removed it.
    const found = await readInputTree(config.root, offline, { commit }).catch(() => null);
    trees.set(commit, found);
  }
  const changed = new Map<string, readonly string[]>();
  for (const [name, commit] of liveCommits) {
    const service = config.services.get(name);
    const before = trees.get(commit);
    if (service === undefined || before == null) continue;
    const inputs = serviceInputs(config, service);
    const [old, now] = await Promise.all(
      [before, tree].map(async (one) => byPath(await listInputs(one, inputs, config))),
    );
    const paths = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
    changed.set(name, [...paths].filter((path) => old?.get(path) !== now?.get(path)).sort());
  }
  return changed;
}

function byPath(listing: string): ReadonlyMap<string, string> {
  const entries = Buffer.from(listing, "latin1").toString("utf8").split("\0").slice(0, -1);
  return new Map(entries.map((entry) => [entry.slice(entry.indexOf("\t") + 1), entry]));
}
