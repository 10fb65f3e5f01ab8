import { gitWords } from "../../git/git-words.js";
import { type Check, checked, type Finding } from "../check.js";

/** git is there, trusts the folder, and has a commit to name. */
export const gitAnswers: Check = {
  name: "git",
  promise: "git names the commit that is built here",
  look: async ({ git, root }) => {
    const head = await git(["rev-parse", "--verify", "HEAD^{commit}"]);
    if (head.ok) return checked([]);
    const folder = await git(["rev-parse", "--git-dir"]);
    const words = gitWords(folder.ok ? head.stderr : folder.stderr);
    const finding = (level: Finding["level"], problem: string, fix: string) =>
      checked([{ level, where: null, problem, fix }]);
    if (/was not found/.test(words)) {
      return finding("fail", `builds name no commit: ${words}`, "install git where you build");
    }
    if (/another user owns it/.test(words)) {
      const fix = `git config --global --add safe.directory "${root}"`;
      return finding("fail", `builds name no commit: ${words}`, fix);
    }
    if (folder.ok) {
      return finding("warn", "builds name no commit: there is none yet", "commit what you have");
    }
    return finding(
      "warn",
      `builds name no commit: "${root}" is not in a git repository`,
      "build in a clone, or set TIDELINE_VERSION and GITHUB_SHA",
    );
  },
};
