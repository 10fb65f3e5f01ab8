import { createStamp, type Env, versionForm, versionLabel } from "@tideline/stamp";
import { isPlaceholder } from "@tideline/version";
import { ScriptError } from "./script-error.js";

/** What a build of the working tree is called. */
export interface BuildName {
  /** What people see: `abc123def456`, `abc123def456-dirty`, `20261120-113000`, or what was asked for. */
  readonly version: string;
  /** The full commit, with `-dirty` where no commit holds what is built; null where none is named. */
  readonly commit: string | null;
  /** Seconds since 1970, the same for the same commit; null where the clock has to do. */
  readonly sourceDateEpoch: number | null;
  /** Sentences for whoever builds. */
  readonly warnings: readonly string[];
}

/**
 * Names a build of the working tree by its commit, also where the commit has a tag: the name then
 * is the same before and after a release is tagged. `SPOT_VERSION` or `TIDELINE_VERSION` overrides
 * it, a CI provider's commit goes before git's, and outside a repository the time in UTC does.
 *
 * @throws {ScriptError} If an override is no version, or two of them contradict each other.
 */
export async function nameBuild(cwd: string, env: Env, now: number): Promise<BuildName> {
  const isNamed = checkOverrides(env);
  try {
    // The names of app and environment take no part in a build's name.
    const { stamp, warnings } = await createStamp({
      cwd,
      env: { ...env, VERSION: undefined, TIDELINE_APP: undefined, APP_NAME: undefined },
      now: () => now,
      appName: "any",
      environment: null,
    });
    const { gitCommit: commit, gitDirty: isDirty, commitTime } = stamp;
    const isFixed = isNamed || versionForm(env) !== null;
    return {
      version: isFixed
        ? stamp.version
        : versionLabel({ tag: null, packageVersion: null, commit, isDirty, now }),
      commit: commit === null ? null : commit + (isDirty ? "-dirty" : ""),
      sourceDateEpoch: isDirty || commitTime === null ? null : commitTime / 1000,
      warnings,
    };
  } catch (cause) {
    // Of what createStamp refuses, all is for whoever set the variables to mend.
    throw new ScriptError((cause as Error).message, { cause });
  }
}

/** Says whether the build is named by hand; a stand-in such as `unknown` is no name. */
function checkOverrides({ SPOT_VERSION, TIDELINE_VERSION }: Env): boolean {
  const [spot = "", ours = ""] = [SPOT_VERSION?.trim(), TIDELINE_VERSION?.trim()];
  if (spot !== "" && ours !== "" && spot !== ours) {
    throw new ScriptError(
      `Cannot name the build: SPOT_VERSION is "${spot}" and TIDELINE_VERSION is "${ours}"; unset one of them`,
    );
  }
  return [spot, ours].some((name) => name !== "" && !isPlaceholder(name));
}
