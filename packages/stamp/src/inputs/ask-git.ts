import type { Env } from "../ci.js";
import { type GitAnswer, runGit } from "../run-git.js";

/** Runs git for bytes, as characters 0 to 255: names of files may be no UTF-8. */
export const askGit = (cwd: string, env: Env, args: readonly string[]): Promise<GitAnswer> =>
  runGit(cwd, env, args, "latin1");
