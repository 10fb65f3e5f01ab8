import type { Env } from "../commands/terminal.js";

/**
 * Names of variables that hold what only we may know: the release key, tokens (ours, the supervisor's
 * PC_API_TOKEN, a registry's NPM_TOKEN), webhook secrets, passwords, databases' addresses, an agent that
 * signs for whoever asks (SSH_AUTH_SOCK). A build runs code of somebody else's repository, and so do its
 * tests. An address of a proxy stays, whatever is in it: without it nothing is fetched.
 */
const SECRET = new RegExp(
  [
    "TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PGPASS|_PWD$|CREDENTIAL",
    // Not a commit's author, nor X11's XAUTHORITY.
    "AUTH(?!OR)|AUTHORI[SZ]ATION",
    "(^|_)(DATABASE|DB|POSTGRES(QL)?|MYSQL|MONGO(DB)?|REDIS|AMQP)_?UR[IL]$|(^|_)DSN$",
    "^(TIDELINE|CONVEX)_\\w*KEY",
    "(^|_)(API|ACCESS|PRIVATE|DEPLOY|SIGNING)_?KEY(_|$)",
  ].join("|"),
  "i",
);

// Git's own would point it at another repository than the folder that it runs in.
const OF_ANOTHER_REPOSITORY =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE)$/;

/** Gives an environment for code that is not ours: everything but secrets. */
export function buildEnvironment(env: Env): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !SECRET.test(name) && !OF_ANOTHER_REPOSITORY.test(name)),
  );
}
