import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { ReleaseArtifact } from "@tideline/version/fleet";
import { execTest } from "../artifact/exec-test.js";
import { fetchBinary } from "../artifact/fetch-binary.js";
import { requireFreeSpace } from "../artifact/require-free-space.js";
import { SyncError } from "../sync-error.js";
import type { Attempt } from "./attempt.js";

/**
 * Brings a new binary beside the live one, verified and tried: `downloading` to `exec-tested`. Nothing
 * live is touched.
 *
 * @param liveSize Of the live binary, which will be kept; 0 if there is none.
 * @returns Where it lies.
 * @throws {SyncError} With why it is not installed. What was downloaded so far stays for the next try.
 * @throws The signal's reason when it aborts.
 */
export async function prepare(
  attempt: Attempt,
  artifact: ReleaseArtifact,
  liveSize: number,
  signal: AbortSignal,
): Promise<string> {
  const { stagingFolder, subsystem, deps } = attempt;
  const { version, from } = attempt.journal;
  await attempt.enter("downloading");
  attempt.tell("downloading", from?.checksum ?? null);
  await mkdir(stagingFolder, { recursive: true });
  await requireFreeSpace({
    folder: stagingFolder,
    size: Math.max(artifact.size, artifact.binary.size),
    previousSize: liveSize,
  });
  const { path } = await fetchBinary({
    ...{ artifact, stagingFolder, signal, fetch: deps.fetch, now: deps.now },
  });
  await attempt.enter("verified");
  await requireSameFileSystem(path, attempt.live);
  await attempt.enter("staged");
  signal.throwIfAborted();
  await execTest({
    ...{ path, args: subsystem.versionArgs, version, signal },
    timeoutMs: EXEC_TIMEOUT_MS,
  });
  await attempt.enter("exec-tested");
  return path;
}

// A program that only says its version does so at once, even on a small machine with a slow disk.
const EXEC_TIMEOUT_MS = 15_000;

/** A rename cannot cross file systems; better known now than when the old one is kept already. */
async function requireSameFileSystem(staged: string, live: string): Promise<void> {
  const [one, other] = await Promise.all([stat(staged), stat(dirname(live))]);
  if (one.dev === other.dev) return;
  throw new SyncError(
    "SWAP_FAILED",
    `Cannot swap "${live}": expected "${dirname(staged)}" on the same file system, got another`,
  );
}
