/**
 * The reports that the ledger has not taken yet: one file each, `000000000001-<random>.json` and so on,
 * oldest first. Several processes may add; each file comes into being whole. A number comes again once
 * the folder is empty, a name never: a call that is taken up again may still name what it has sent.
 */
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { AttemptReport } from "@tideline/version/fleet";
import { asDiskError } from "../disk-error.js";
import { syncFolder } from "../sync-folder.js";

// A year's reports of a busy machine; with more the ledger has been away for good.
const MAX_REPORTS = 5_000;

/** A report on disk. */
export interface StoredReport {
  readonly file: string;
  readonly report: AttemptReport;
}

/** Gives the files' names, oldest first. */
export async function listReports(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names.filter((name) => /^\d{12}(-[0-9a-f]+)?\.json$/.test(name)).sort();
}

/**
 * Adds a report; it is on disk when this resolves. Of too many the oldest is forgotten.
 *
 * @throws {SyncError} `DISK_FULL` or `FOLDER_NOT_WRITABLE`
 */
export async function addReport(folder: string, report: AttemptReport): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const id = randomBytes(6).toString("hex");
  const temporary = join(folder, `${process.pid}-${id}.tmp`);
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(report)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await linkNext(folder, temporary, id);
    await syncFolder(folder);
  } catch (error) {
    throw asDiskError(error, "Cannot keep a report");
  } finally {
    await unlink(temporary).catch(() => {});
  }
}

/** Reads reports; a file that is no report any more is left out. */
export async function readReports(
  folder: string,
  files: readonly string[],
): Promise<StoredReport[]> {
  const found: StoredReport[] = [];
  for (const file of files) {
    try {
      const report = JSON.parse(await readFile(join(folder, file), "utf8")) as AttemptReport;
      if (typeof report?.subsystem === "string") found.push({ file, report });
    } catch {
      // A damaged disk: what cannot be read cannot be told.
    }
  }
  return found;
}

/** Forgets reports. */
export async function removeReports(folder: string, files: readonly string[]): Promise<void> {
  for (const file of files) await unlink(join(folder, file)).catch(() => {});
  await syncFolder(folder);
}

/** Gives the file the first number above all others; two processes at once may give the same one. */
async function linkNext(folder: string, temporary: string, id: string): Promise<void> {
  const files = await listReports(folder);
  const newest = files.at(-1);
  const number = newest === undefined ? 1 : Number.parseInt(newest, 10) + 1;
  await link(temporary, join(folder, `${String(number).padStart(12, "0")}-${id}.json`));
  const surplus = files.length + 1 - MAX_REPORTS;
  if (surplus > 0) await removeReports(folder, files.slice(0, surplus));
}
