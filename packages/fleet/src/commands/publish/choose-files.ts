import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { platformKey } from "@tideline/version/fleet";
import { platformHere } from "../../artifact/platform-here.js";
import type { SubsystemConfig } from "../../config/sync-config.js";
import { isDeveloperMachine } from "../../publish/is-developer-machine.js";
import type { BuiltFile } from "../../publish/pack-files.js";
import { readVersionFile } from "../../swap/version-file.js";
import { unreadFile } from "../../unread-file.js";
import { UsageError } from "../../usage-error.js";

/** Gives the binary that this machine has of a subsystem: what was built here, else what runs here. */
export async function fileHere(subsystem: SubsystemConfig): Promise<BuiltFile> {
  const { source, binary } = subsystem;
  const isBuiltHere = source !== null && (await isDeveloperMachine(subsystem));
  return { platform: platformKey(platformHere()), path: isBuiltHere ? source.output : binary };
}

/**
 * Makes sure that the files which `--file` names are there, before anything is asked or signed.
 *
 * @throws {UsageError} For the first that is not.
 */
export async function requireFiles(files: readonly BuiltFile[]): Promise<void> {
  for (const { path } of files) {
    const found = await stat(path).then(
      (stats) => (stats.isDirectory() ? "a folder" : null),
      (error: unknown) => unreadFile(error),
    );
    if (found === null) continue;
    throw new UsageError(`Cannot publish: expected a binary at "${path}" of --file, got ${found}`);
  }
}

/**
 * Gives the version to publish: the one that is named, else the one that `.version` beside the first
 * file says.
 *
 * @throws {UsageError} If neither does.
 */
export async function chooseVersion(
  named: string | undefined,
  files: readonly BuiltFile[],
): Promise<string> {
  if (named !== undefined) return named;
  const [first] = files;
  const reading = first === undefined ? null : await readVersionFile(dirname(first.path));
  const version = reading?.state === "read" ? reading.file.version : null;
  if (version !== null) return version;
  throw new UsageError(
    `Cannot publish: expected --version, a build by \`tideline-sync build\`, or a version in the .version beside "${first?.path}", got none`,
  );
}
