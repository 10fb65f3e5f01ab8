import type { Env } from "../commands/terminal.js";

/**
 * Names of variables that hold what only we may know: the release key, tokens, webhook secrets. A
 * build runs code of somebody else's repository, and so do its tests.
 */
const SECRET =
  /^(TIDELINE_\w*(TOKEN|KEY|SECRET)\w*|WEBHOOK_SECRET\w*|GITHUB_TOKEN|GH_TOKEN|GH_ENTERPRISE_TOKEN|ACTIONS_\w*TOKEN|CONVEX_\w*KEY)$/i;

// Git's own would point it at another repository than the folder that it runs in.
const OF_ANOTHER_REPOSITORY =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE)$/;

/** Gives an environment for code that is not ours: everything but secrets. */
export function buildEnvironment(env: Env): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !SECRET.test(name) && !OF_ANOTHER_REPOSITORY.test(name)),
  );
}
