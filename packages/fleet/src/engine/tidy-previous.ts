import { readFile, rename, rm } from "node:fs/promises";
import { previousPaths, readPrevious } from "../swap/keep-previous.js";
import { parseVersionFile } from "../swap/version-file.js";
import { syncFolder } from "../sync-folder.js";

/**
 * Makes `.previous` one unit again after a crash while the live binary was being kept there: its
 * record speaks of its binary, and nothing else lies beside them.
 */
export async function tidyPrevious(live: string): Promise<void> {
  const previous = await readPrevious(live);
  const { folder, record, nextRecord, nextBinary, restored } = previousPaths(live);
  if (previous.state === "kept") {
    const reading = parseVersionFile(await readFile(record, "utf8").catch(() => ""));
    const isOfIt = reading.state === "read" && reading.file.checksum === previous.version.checksum;
    // Between its two renames the prepared record is the one that speaks of the kept binary.
    if (!isOfIt) await rename(nextRecord, record);
  }
  for (const path of [nextRecord, nextBinary, restored]) await rm(path, { force: true });
  if (previous.state !== "absent") await syncFolder(folder);
}
