import { readFile, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import {
  type BuildFacts,
  createStamp,
  dirtyWarning,
  type Env,
  hashArtifact,
  isCi,
  listDirtyPaths,
  listFiles,
  VERSION_FILE_NAME,
  withStampTag,
  writeFileAtomically,
  writeVersionFile,
} from "@tideline/stamp";
import type { BuildStamp } from "@tideline/version";
import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { Outcome, Terminal } from "../terminal.js";
import { describeStamp } from "./describe-stamp.js";

/** `tideline stamp`. With `--dist --write` it does for any artifact what the Vite plugin does. */
export async function runStamp(given: GivenOptions, { cwd, env, log }: Terminal): Promise<Outcome> {
  const dist = given.text("dist");
  if (given.has("write") && dist === undefined) {
    throw new CommandError("usage", "Cannot use --write: expected an artifact in --dist");
  }
  const appName = given.text("app");
  const environment = given.text("environment");
  try {
    const created = await createStamp({
      cwd,
      env: withoutOverridden(env, { appName, environment }),
      ...(appName !== undefined && { appName }),
      ...(environment !== undefined && { environment }),
      ...(dist !== undefined && { outputs: ["dist", relative(cwd, resolve(cwd, dist))] }),
    });
    const { dirtyPaths } = created;
    for (const warning of created.warnings) {
      // The text names the changed files itself.
      if (given.has("json") || warning !== dirtyWarning(dirtyPaths)) log(warning);
    }
    if (isCi(env) && dirtyPaths.length > 0 && !given.has("allow-dirty")) refuse(dirtyPaths);
    const show = (stamp: BuildFacts & Partial<BuildStamp>): Outcome => ({
      exitCode: EXIT_CODES.done,
      text: describeStamp(stamp, dirtyPaths),
      json: stamp,
    });
    if (dist === undefined) return show(created.stamp);
    const folder = resolve(cwd, dist);
    await requireFolder(folder);
    const stamp: BuildStamp = { ...created.stamp, buildId: await hashArtifact(folder) };
    if (given.has("write")) await writeInto(folder, stamp);
    return show(stamp);
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError("usage", (cause as Error).message, { cause });
  }
}

/** A build's variables are above its configuration; here the option is what was asked for last. */
function withoutOverridden(
  env: Env,
  { appName, environment }: Record<"appName" | "environment", string | undefined>,
): Env {
  return {
    ...env,
    ...(appName !== undefined && { TIDELINE_APP: undefined, APP_NAME: undefined }),
    ...(environment !== undefined && { TIDELINE_ENVIRONMENT: undefined }),
  };
}

async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory()) return;
  throw new CommandError(
    "usage",
    `Cannot stamp the build: expected a folder in --dist, ${found === null ? "nothing is" : "a file is"} at "${folder}"`,
  );
}

/**
 * What this command says names images and releases, which are for ever; a build is only warned,
 * because there the label decides nothing.
 */
function refuse(dirtyPaths: readonly string[]): never {
  throw new CommandError(
    "refused",
    `Cannot stamp the build: expected a clean working tree in CI, got changes to ${listDirtyPaths(dirtyPaths)}; commit or ignore what the job makes, or allow it with --allow-dirty`,
  );
}

/** The pages first: where there is a version.json, everything that it speaks of is stamped. */
async function writeInto(folder: string, stamp: BuildStamp): Promise<void> {
  for (const path of await listFiles(folder)) {
    if (!/\.html?$/i.test(path)) continue;
    const html = await readFile(join(folder, path), "utf8");
    await writeFileAtomically(join(folder, path), withStampTag(html, stamp));
  }
  await writeVersionFile(join(folder, VERSION_FILE_NAME), stamp);
}
