import { findSkipToken } from "../../git/skip-token.js";
import { type Check, checked, type Finding } from "../check.js";

/** A tag that starts a workflow is on a commit that GitHub does not skip. */
export const skippedTag: Check = {
  name: "skip-token",
  promise: "no tag that should start a workflow is on a commit that GitHub skips",
  look: async ({ env, git, versions, workflows }) => {
    const findings: Finding[] = [];
    const release = versions?.releaseTagPrefix ?? "release/v";
    const bump = versions?.tagPrefix ?? "v";
    const message = await git(["log", "-1", "--no-show-signature", "--format=%B", "HEAD"]);
    const token = message.ok ? findSkipToken(message.stdout) : null;
    if (token !== null) {
      const tags = (await git(["tag", "--points-at", "HEAD"])).stdout.split("\n");
      if (env.GITHUB_REF_TYPE === "tag") tags.push(env.GITHUB_REF_NAME ?? "");
      for (const tag of new Set(tags.filter((each) => each.startsWith(release)))) {
        findings.push({
          level: "fail",
          where: tag,
          problem: `GitHub starts nothing for this tag: its commit's message says "${token}"`,
          fix: `git push --delete origin "${tag}", git tag --delete "${tag}", then tideline release`,
        });
      }
    }
    for (const { path, events } of workflows) {
      const push = events.get("push") as { tags?: unknown } | null | undefined;
      const patterns = [push?.tags ?? []].flat().map(String);
      const onBumps = patterns.find((each) => each.startsWith(bump) && !each.startsWith(release));
      if (onBumps === undefined || bump === "") continue;
      findings.push({
        level: "fail",
        where: path,
        problem: `it waits for tags "${onBumps}", and a bump's commit says [skip ci]: it never starts, without a word`,
        fix: `wait for "${release}*", which tideline release puts on a commit that is not skipped`,
      });
    }
    return checked(findings);
  },
};
