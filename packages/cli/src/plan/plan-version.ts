import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type InputTree, versionLabel } from "@tideline/stamp";
import type { TidelineConfig } from "../config/config.js";
import { openGit } from "../git/git.js";
import type { Env } from "../terminal.js";
import { readVersionText } from "../versions/version-text.js";
import type { PlanFacts } from "./plan.js";
import { releaseVersion } from "./release-version.js";

/**
 * Gives the version that a plan begins with: the release's that is here, else what the version file
 * says at HEAD (on disk where there is no commit), else the short commit that a build without one is
 * called.
 *
 * @throws {CommandError} `usage`, if the version file holds no semantic version.
 */
export async function planVersion(
  config: TidelineConfig,
  { kind, commit, prefix }: Pick<InputTree, "kind" | "commit" | "prefix">,
  env: Env,
  signal: AbortSignal,
): Promise<PlanFacts["version"]> {
  const { root, versionFile } = config;
  const release = await releaseVersion(config, { commit }, env, signal);
  if (release !== null) return { kind: "release", text: release };
  const top = Buffer.from(prefix, "latin1").toString("utf8");
  const text =
    commit === null
      ? await readFile(join(root, versionFile), "utf8").catch(() => null)
      : await readCommitted(`${commit}:${top}${versionFile}`, root, env, signal);
  if (text !== null) return { kind: "file", text: readVersionText(text, versionFile) };
  const isDirty = kind === "changed";
  return {
    kind: "label",
    text: versionLabel({ tag: null, packageVersion: null, commit, isDirty, now: Date.now() }),
  };
}

async function readCommitted(
  name: string,
  cwd: string,
  env: Env,
  signal: AbortSignal,
): Promise<string | null> {
  const { ok, stdout } = await openGit({ cwd, env, signal })(["cat-file", "blob", name]);
  return ok ? stdout : null;
}
