import type { Env } from "../commands/terminal.js";

/**
 * Names of variables that hold what only we may know: the release key, tokens (ours, the supervisor's
 * PC_API_TOKEN, a registry's NPM_TOKEN), webhook secrets, passwords. A build runs code of somebody
 * else's repository, and so do its tests.
 */
const SECRET =
  /(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL)|^(TIDELINE|CONVEX)_\w*KEY|(^|_)(API|ACCESS|PRIVATE|DEPLOY|SIGNING)_?KEY(_|$)/i;

// Git's own would point it at another repository than the folder that it runs in.
const OF_ANOTHER_REPOSITORY =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE)$/;

/** Gives an environment for code that is not ours: everything but secrets. */
export function buildEnvironment(env: Env): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !SECRET.test(name) && !OF_ANOTHER_REPOSITORY.test(name)),
  );
}
