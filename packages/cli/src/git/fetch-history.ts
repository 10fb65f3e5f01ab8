import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VersionSettings } from "../versions/version-settings.js";
import type { Git } from "./git.js";
import { gitWords, isNetworkTrouble } from "./git-words.js";
import type { NotPushed } from "./until-pushed.js";

const TRANSPORT = /^(http|https|credential|ssh|url|protocol|core\.sshcommand)(\.|$)/;

/** A branch's whole history, without its files, in a repository of its own. */
export interface FetchedHistory {
  readonly kind: "fetched";
  readonly git: Git;
  readonly dispose: () => Promise<void>;
}

/**
 * Fetches the commits of a branch, all of them and nothing else, into a temporary repository: the
 * caller's clone keeps its depth, and does not become a partial one.
 */
export async function fetchHistory(
  git: Git,
  { remote, branch }: VersionSettings,
): Promise<FetchedHistory | NotPushed> {
  const [url, settings] = await Promise.all([
    git(["remote", "get-url", remote]),
    git(["config", "--list", "-z", "--show-scope"]),
  ]);
  const folder = await mkdtemp(join(tmpdir(), "tideline-history-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const env = { ...asVariables(settings.stdout), GIT_DIR: folder };
    const there: Git = (args, options) =>
      git(args, { ...options, env: { ...options?.env, ...env } });
    await there(["init", "--quiet", "--bare", folder]);
    const fetched = await there([
      ...["fetch", "--quiet", "--no-tags", "--filter=tree:0", "--refmap="],
      ...[url.stdout.trim(), `+refs/heads/${branch}:refs/heads/history`],
    ]);
    if (fetched.ok) return { kind: "fetched", git: there, dispose };
    await dispose();
    const kind = isNetworkTrouble(fetched.stderr) ? "unreached" : "refused";
    return { kind, why: `the history of "${branch}" is not here: ${gitWords(fetched.stderr)}` };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** How the clone reaches its remote, by the environment: files would leave credentials behind. */
function asVariables(list: string): Record<string, string> {
  const parts = list.split("\0");
  const entries: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [scope = "", entry = ""] = parts.slice(index, index + 2);
    const cut = entry.indexOf("\n");
    const key = cut < 0 ? entry : entry.slice(0, cut);
    // What the machine and the user set holds in the temporary repository as well.
    if (!/^(local|worktree|command)$/.test(scope) || !TRANSPORT.test(key)) continue;
    entries.push([key, cut < 0 ? "true" : entry.slice(cut + 1)]);
  }
  return Object.fromEntries([
    ["GIT_CONFIG_COUNT", String(entries.length)],
    ...entries.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ]);
}
