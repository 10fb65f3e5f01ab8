import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import {
  createStamp,
  hashArtifact,
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
      env,
      ...(appName !== undefined && { appName }),
      ...(environment !== undefined && { environment }),
      ...(dist !== undefined && { outputs: ["dist", relative(cwd, resolve(cwd, dist))] }),
    });
    for (const warning of created.warnings) log(warning);
    if (dist === undefined) return show(created.stamp);
    const folder = resolve(cwd, dist);
    const stamp: BuildStamp = { ...created.stamp, buildId: await hashArtifact(folder) };
    if (given.has("write")) await writeInto(folder, stamp);
    return show(stamp);
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError("usage", (cause as Error).message, { cause });
  }
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

function show(stamp: object): Outcome {
  const lines = Object.entries(stamp).map(([name, value]) => `${name}: ${String(value)}`);
  return { exitCode: EXIT_CODES.done, text: lines.join("\n"), json: stamp };
}
