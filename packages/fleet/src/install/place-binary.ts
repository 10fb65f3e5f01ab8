import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { hashFile } from "../artifact/hash-file.js";
import { guardPaths } from "../guard/guard-paths.js";
import { keepCopy } from "../guard/keep-copy.js";
import { makeFolder } from "../make-folder.js";
import { readLive } from "../swap/read-live.js";
import { writeVersionFile } from "../swap/version-file.js";
import { SYNC_BUILD, SYNC_VERSION } from "../sync-version.js";
import { replaceFile } from "../write-file.js";

/** What lies at the live path now. */
export interface PlacedBinary {
  readonly path: string;
  /** The guard's copy, from which the service is started. */
  readonly kept: string;
  /** Null if nobody knows. */
  readonly version: string | null;
  readonly sha256: string;
  /** `other`: another one was there before, and was left alone. */
  readonly state: "installed" | "present" | "other";
}

/**
 * Puts a `tideline-sync` at its live path, if nothing is there. What is there is only ever replaced
 * by an update, which can be taken back. May be repeated after a crash at any moment.
 *
 * @param file The one-file executable.
 * @param now ms since epoch, for `.version`.
 * @throws {SyncError} `DISK_FULL` or `FOLDER_NOT_WRITABLE`
 */
export async function placeBinary(file: string, live: string, now: number): Promise<PlacedBinary> {
  const { kept } = guardPaths(live);
  const { sha256 } = await hashFile(file);
  const before = await readLive(live);
  if (before.state !== "absent" && before.sha256 !== sha256) {
    const version = before.state === "known" ? before.version.version : null;
    return { path: live, kept, version, sha256: before.sha256, state: "other" };
  }
  if (before.state === "absent") {
    await makeFolder(dirname(live));
    await replaceFile(live, await readFile(file), { mode: 0o755 });
  }
  if (before.state !== "known") {
    await writeVersionFile(dirname(live), {
      commit: SYNC_BUILD?.commit ?? null,
      ...{ timestamp: now, checksum: sha256, version: SYNC_VERSION, seq: null },
    });
  }
  await keepCopy(live);
  const state = before.state === "absent" ? "installed" : "present";
  return { path: live, kept, version: SYNC_VERSION, sha256, state };
}
