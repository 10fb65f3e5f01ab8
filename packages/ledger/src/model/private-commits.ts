import type { TargetName } from "../data-model.js";
import { isAuthorized } from "./authorize.js";
import { areCommitsPrivate } from "./settings.js";

/** What stands for a commit that is not shown; every client knows it as no commit. */
export const HIDDEN_COMMIT = "unknown";

/** Says whether a caller with this token may see which commits a target's builds came from. */
export function maySeeCommits(token: string | undefined, target: TargetName): boolean {
  return !areCommitsPrivate() || isAuthorized(token, target);
}
