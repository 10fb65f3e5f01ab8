import { type NoGitReason, readGit } from "@tideline/stamp";
import { type Check, checked, type Finding } from "../check.js";

/** git is there, trusts the folder, and has a commit to name. */
export const gitAnswers: Check = {
  name: "git",
  promise: "git names the commit that is built here",
  look: async ({ git, root, env }) => {
    const head = await git(["rev-parse", "--verify", "HEAD^{commit}"]);
    if (head.ok) return checked([]);
    // As a build is told, so that what it warns of is what is found here.
    const state = await readGit(root, env, { outputs: [] });
    if (state.kind === "repository") return checked([]);
    const { level, fix } = REMEDIES[state.reason];
    const problem = `builds name no commit: ${state.warning}`;
    return checked([{ level, where: null, problem, fix: state.remedy ?? fix }]);
  },
};

const REMEDIES: Readonly<Record<NoGitReason, Pick<Finding, "level" | "fix">>> = {
  "no-git": { level: "fail", fix: "install git where you build" },
  "no-folder": { level: "fail", fix: "build in a folder that is there" },
  "other-owner": { level: "fail", fix: "let the user who builds own the folder" },
  unreadable: { level: "fail", fix: "git fsck, or a fresh clone" },
  "no-commit": { level: "warn", fix: "commit what you have" },
  "no-repository": {
    level: "warn",
    fix: "build in a clone, or set TIDELINE_VERSION and GITHUB_SHA",
  },
};
