/** Which build to go back to, from the history alone. */
import { shortCommit } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { HistoryRow } from "./history.js";

/** What is live and what to go back to. */
export interface Choice {
  readonly live: HistoryRow;
  /** The live row itself, where that is what was asked for. */
  readonly chosen: HistoryRow;
}

/**
 * Chooses the build that was live before the one that is live now, or the one that `to` names: a
 * build id, a tag, a version or a commit, of which the newest that was live is taken.
 *
 * Where the live build itself came by a rollback, "before" is before the deployment it went back
 * to: twice back goes further back, and not forward to what was left.
 *
 * @param taken Everything that was taken, the newest first.
 * @throws {CommandError} `usage`, if `to` names nothing that was live, or several commits;
 *   `refused`, if there is nothing to go back to.
 */
export function chooseBuild(
  taken: readonly HistoryRow[],
  to: string | null,
  { appName, environment }: { readonly appName: string; readonly environment: string },
): Choice {
  const doing = `roll back ${appName} in ${environment}`;
  const live = taken.find(({ status }) => status === "live");
  if (live === undefined) {
    throw new CommandError("refused", `Cannot ${doing}: nothing was ever recorded for it`);
  }
  if (to !== null) return { live, chosen: named(taken, to, doing) };
  const chosen = taken.slice(depthOf(taken, live)).find(({ buildId }) => buildId !== live.buildId);
  if (chosen !== undefined) return { live, chosen };
  throw new CommandError(
    "refused",
    `Cannot ${doing}: expected an earlier build in its history, got none before ${nameOf(live)}`,
  );
}

/** Gives a row's build as people read it. */
export function nameOf({ version, gitCommit }: HistoryRow): string {
  return `${version} (${shortCommit(gitCommit)})`;
}

/** The row that "before" is counted from: the live one, or the one it went back to. */
function depthOf(taken: readonly HistoryRow[], live: HistoryRow): number {
  let at = taken.indexOf(live);
  // A redeploy changes nothing; whose build came by a rollback is said by the rows below it.
  for (let row = taken[at]; row !== undefined; row = taken[at]) {
    const isOfLive = row.buildId === live.buildId;
    if (!isOfLive || row.kind === "deploy") break;
    if (row.kind === "redeploy") {
      at++;
      continue;
    }
    const earlier = taken.findIndex(
      ({ buildId }, index) => index > at + 1 && buildId === live.buildId,
    );
    // The deployment that it went back to was pruned: everything older was too.
    if (earlier === -1) return taken.length;
    at = earlier;
  }
  return at;
}

function named(taken: readonly HistoryRow[], to: string, doing: string): HistoryRow {
  const asCommit = /^[0-9a-f]{7,64}$/i.test(to) ? to.toLowerCase() : null;
  const ways: readonly ((row: HistoryRow) => boolean)[] = [
    ({ buildId }) => buildId === to,
    ({ gitTag }) => gitTag === to,
    ({ gitCommit }) => asCommit !== null && gitCommit.toLowerCase().startsWith(asCommit),
    ({ version }) => version === to || version === to.replace(/^(release\/)?v(?=\d)/, ""),
  ];
  for (const isMeant of ways) {
    const found = taken.filter(isMeant);
    const [newest] = found;
    if (newest === undefined) continue;
    const commits = new Set(found.map(({ gitCommit }) => gitCommit.replace(/-dirty$/, "")));
    if (isMeant === ways[2] && commits.size > 1) {
      throw new CommandError(
        "usage",
        `Cannot ${doing}: expected one commit, "${to}" begins those of ${[...commits].map(shortCommit).join(", ")}`,
      );
    }
    return newest;
  }
  const versions = [...new Set(taken.map(nameOf))].slice(0, 5).join(", ");
  throw new CommandError(
    "usage",
    `Cannot ${doing}: expected a tag, version, commit or build id that was live (such as ${versions}), got "${to.slice(0, 140)}"`,
  );
}
