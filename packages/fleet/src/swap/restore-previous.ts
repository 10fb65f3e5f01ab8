import { rename } from "node:fs/promises";
import { dirname } from "node:path";
import { hashFile } from "../artifact/hash-file.js";
import { SyncError } from "../sync-error.js";
import { syncFolder } from "../sync-folder.js";
import { missingIsNull, previousPaths, readPrevious } from "./keep-previous.js";
import { linkOrCopy } from "./link-or-copy.js";
import { placeFile } from "./place-file.js";
import { asSwapError } from "./swap-in.js";
import type { AtStep, RestoreStep } from "./swap-step.js";
import { readVersionFile, type VersionFile, writeVersionFile } from "./version-file.js";

/**
 * Puts the kept binary back in the live place and lets `.version` speak of it. Needs no network, no
 * ledger and no free disk space but that of a small file: the kept binary gets a second name.
 *
 * `.previous` stays as it is. May be repeated after a crash at any step, and does nothing if the
 * live binary is the kept one already. What the live binary is does not matter: it is on its way out.
 *
 * @returns The record of what is live now.
 * @throws {SyncError} `NO_PREVIOUS`; `PREVIOUS_DAMAGED` if the kept binary is not what its record
 *   says: the live one is left alone; `DISK_FULL`, `FOLDER_NOT_WRITABLE`, `SWAP_FAILED`.
 */
export async function restorePrevious({
  live,
  atStep = () => {},
  platform = process.platform,
}: {
  readonly live: string;
  readonly atStep?: AtStep<RestoreStep>;
  readonly platform?: NodeJS.Platform;
}): Promise<VersionFile> {
  const previous = await readPrevious(live);
  if (previous.state === "absent") {
    throw new SyncError(
      "NO_PREVIOUS",
      `Cannot restore "${live}": expected a kept binary, got none`,
    );
  }
  if (previous.state === "damaged") {
    throw new SyncError(
      "PREVIOUS_DAMAGED",
      `Cannot restore "${live}": expected the kept binary as it was, but ${previous.problem}`,
    );
  }
  const paths = previousPaths(live);
  try {
    // A swap ended between its two renames: this is the second one.
    if (previous.record !== paths.record) await rename(previous.record, paths.record);
    const running = await hashFile(live).catch(missingIsNull);
    if (running?.sha256 !== previous.version.checksum) {
      await linkOrCopy(previous.path, paths.restored);
      await atStep("restore-linked");
      await placeFile(paths.restored, live, platform);
      await atStep("restored");
      await syncFolder(dirname(live));
      await atStep("restore-synced");
    }
    // Before the new binary counted, .version still speaks of the kept one: on a full disk the way
    // back then needs not one free byte.
    const record = await readVersionFile(dirname(live));
    const isRecorded =
      record.state === "read" && record.file.checksum === previous.version.checksum;
    if (!isRecorded) await writeVersionFile(dirname(live), previous.version);
    await atStep("restore-recorded");
    return previous.version;
  } catch (cause) {
    throw asSwapError(cause, `Cannot restore "${live}"`);
  }
}
