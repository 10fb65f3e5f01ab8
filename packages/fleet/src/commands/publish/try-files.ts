import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { platformKey } from "@tideline/version/fleet";
import { execTest } from "../../artifact/exec-test.js";
import { platformHere } from "../../artifact/platform-here.js";
import type { SubsystemConfig } from "../../config/sync-config.js";
import type { BuiltFile } from "../../publish/pack-files.js";
import { SyncError } from "../../sync-error.js";
import { unreadFile } from "../../unread-file.js";

const TIMEOUT_MS = 15_000;

/**
 * Runs those of the files that are for this very platform, as a machine will: a build that says
 * another version would be refused by all of them.
 *
 * @returns The platforms that were tried.
 * @throws {SyncError} `EXEC_FAILED`, `EXEC_TIMED_OUT`, `EXEC_WRONG_VERSION`, `OUTPUT_MISSING`.
 */
export async function tryFiles(
  { name, versionArgs, binary }: SubsystemConfig,
  files: readonly BuiltFile[],
  version: string,
  signal: AbortSignal,
): Promise<string[]> {
  const here = platformKey(platformHere());
  const own = files.filter(({ platform }) => platform === here);
  for (const { path } of own) {
    // A copy, as what CI hands from job to job has lost its mode.
    const folder = await mkdtemp(join(tmpdir(), "tideline-publish-"));
    const copy = join(folder, basename(binary));
    try {
      await copyFile(path, copy);
      await chmod(copy, 0o755);
      await execTest({
        ...{ path: copy, shownAs: path, args: versionArgs, version },
        ...{ timeoutMs: TIMEOUT_MS, signal },
      });
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "EISDIR") throw cause;
      throw new SyncError(
        "OUTPUT_MISSING",
        `Cannot publish ${name}: expected a binary at "${path}", got ${unreadFile(cause)}`,
        { cause },
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return own.map(({ platform }) => platform);
}
