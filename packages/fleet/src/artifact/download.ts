import { setTimeout as sleep } from "node:timers/promises";
import { SyncError } from "../sync-error.js";
import { downloadFrom } from "./download-from.js";
import { DOWNLOAD_LIMITS, type FetchRequest } from "./fetch-request.js";
import { PartFile } from "./part-file.js";

/**
 * Downloads the file of an artifact to `<to>.part` and, once its size and sha256 are those of the
 * manifest, gives it the name `to`. The addresses are tried in order; what one has brought, the next
 * one continues. What an earlier run has left is continued, too.
 *
 * @throws {SyncError} The worst of what the addresses came to: `CHECKSUM_MISMATCH`, `SIZE_MISMATCH`,
 *   `HOST_UNUSABLE`, `RATE_LIMITED`, `HOST_UNREACHABLE`; of the disk, `DISK_FULL` or
 *   `FOLDER_NOT_WRITABLE`. What may still become the file stays for the next run.
 * @throws The signal's reason when it aborts.
 */
export async function download(request: FetchRequest, to: string): Promise<void> {
  const { artifact, signal } = request;
  const limits = { ...DOWNLOAD_LIMITS, ...request.limits };
  const context = { ...request, wait: request.wait ?? wait, now: request.now ?? Date.now, limits };
  const part = await PartFile.open(`${to}.part`, artifact.size);
  const failures: SyncError[] = [];
  try {
    if (part.size === artifact.size) {
      // Ended between its last byte and its new name; or it is something else.
      if (part.sha256() === artifact.sha256) return await part.finish(to);
      await part.clear();
    }
    for (const url of artifact.urls) {
      try {
        await downloadFrom(url, part, context);
        return await part.finish(to);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof SyncError) || OF_THE_DISK.has(error.reason)) throw error;
        if (isWrong(error)) await part.clear();
        failures.push(error);
      }
    }
    throw worstOf(failures);
  } catch (error) {
    // A full disk is freed at once, and wrong bytes are no start for the next run.
    if (error instanceof SyncError && (isWrong(error) || error.reason === "DISK_FULL")) {
      await part.remove();
    }
    throw error;
  } finally {
    await part.close();
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function isWrong({ reason }: SyncError): boolean {
  return reason === "CHECKSUM_MISMATCH" || reason === "SIZE_MISMATCH";
}

function worstOf(failures: readonly SyncError[]): SyncError {
  const rank = ({ reason }: SyncError) => SEVERITY.indexOf(reason);
  const [worst] = [...failures].sort((a, b) => rank(a) - rank(b));
  if (worst === undefined) {
    return new SyncError("HOST_UNREACHABLE", "Cannot download: expected an address, got none");
  }
  if (failures.length === 1) return worst;
  const all = failures.map(({ message }) => message).join("; ");
  return new SyncError(worst.reason, all, { cause: worst });
}

const OF_THE_DISK = new Set<SyncError["reason"]>(["DISK_FULL", "FOLDER_NOT_WRITABLE"]);
const SEVERITY: readonly SyncError["reason"][] = [
  "CHECKSUM_MISMATCH",
  "SIZE_MISMATCH",
  "HOST_UNUSABLE",
  "RATE_LIMITED",
  "HOST_UNREACHABLE",
];
