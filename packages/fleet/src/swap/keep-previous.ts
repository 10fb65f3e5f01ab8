/** `.previous`: the binary before the live one and its record, one unit, exactly one generation. */
import { lstat, readFile, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { hashFile } from "../artifact/hash-file.js";
import { makeFolder } from "../make-folder.js";
import { SyncError } from "../sync-error.js";
import { syncFolder } from "../sync-folder.js";
import { replaceFile } from "../write-file.js";
import { ignoreMissing, linkOrCopy } from "./link-or-copy.js";
import { readLive } from "./read-live.js";
import type { AtStep, SwapStep } from "./swap-step.js";
import { formatVersionFile, parseVersionFile, type VersionFile } from "./version-file.js";

/** Where the binary before `live` is kept, and what lies beside it. */
export function previousPaths(live: string) {
  const folder = join(dirname(live), ".previous");
  const binary = join(folder, basename(live));
  const record = join(folder, ".version");
  return {
    folder,
    binary,
    record,
    nextBinary: `${binary}.next`,
    nextRecord: `${record}.next`,
    restored: `${binary}.restore`,
  };
}

/**
 * Makes the live binary the previous one, in place of the one that was kept until now. The live path
 * itself is not touched. May be repeated after a crash at any step.
 *
 * @returns What is kept now; null if there is no live binary.
 * @throws {SyncError} `DRIFTED` if `.version` does not speak of the live binary: keeping it would
 *   throw away the only one that is known. That is also what stops a second call after the swap.
 */
export async function keepPrevious(
  live: string,
  atStep: AtStep<SwapStep> = () => {},
): Promise<VersionFile | null> {
  const found = await readLive(live);
  if (found.state === "absent") return null;
  if (found.state !== "known") {
    const what = found.state === "unknown" ? found.problem : "its .version is of another binary";
    throw new SyncError("DRIFTED", `Cannot keep "${live}": expected a known binary, but ${what}`);
  }
  // link() would give the symbolic link a second name, and the binary behind it none.
  if (!(await lstat(live)).isFile()) {
    throw new SyncError(
      "SWAP_FAILED",
      `Cannot keep "${live}": expected a regular file, got "a symbolic link"`,
    );
  }
  const paths = previousPaths(live);
  await makeFolder(paths.folder);

  await replaceFile(paths.nextRecord, formatVersionFile(found.version), { mode: 0o644 });
  await atStep("record-prepared");
  await linkOrCopy(live, paths.nextBinary);
  await atStep("previous-linked");
  await rename(paths.nextBinary, paths.binary);
  // If both were the same file already, the rename did nothing and left the first name behind.
  await unlink(paths.nextBinary).catch(ignoreMissing);
  await syncFolder(paths.folder);
  await atStep("previous-renamed");
  await rename(paths.nextRecord, paths.record);
  await syncFolder(paths.folder);
  await atStep("previous-kept");
  return found.version;
}

/** What there is to go back to. */
export type PreviousBinary =
  | { readonly state: "absent" }
  | {
      readonly state: "kept";
      readonly path: string;
      /** The file that `version` was read from. */
      readonly record: string;
      readonly version: VersionFile;
    }
  | { readonly state: "damaged"; readonly problem: string };

/**
 * Looks at the kept binary and recomputes its sha256. After a crash between its two renames the
 * prepared record is the one that speaks of it; then that one counts.
 */
export async function readPrevious(live: string): Promise<PreviousBinary> {
  const paths = previousPaths(live);
  const hashed = await hashFile(paths.binary).catch(missingIsNull);
  if (hashed === null) return { state: "absent" };
  for (const record of [paths.record, paths.nextRecord]) {
    const version = await readRecord(record);
    if (version?.checksum !== hashed.sha256) continue;
    return { state: "kept", path: paths.binary, record, version };
  }
  return {
    state: "damaged",
    problem: `no record beside "${paths.binary}" speaks of sha256 ${hashed.sha256}`,
  };
}

async function readRecord(path: string): Promise<VersionFile | null> {
  const text = await readFile(path, "utf8").catch(missingIsNull);
  if (text === null) return null;
  const reading = parseVersionFile(text);
  return reading.state === "read" ? reading.file : null;
}

/** Turns that a file is missing into null; for what reads one. */
export function missingIsNull(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
  throw error;
}
