import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as v from "valibot";
import { SyncError } from "../sync-error.js";
import { replaceFile } from "../write-file.js";
import { waitForLock } from "./lock.js";
import { lockPath } from "./state-paths.js";

/** A JSON file of the state folder and what it must look like. */
export interface StateFile<T> {
  readonly path: string;
  readonly schema: v.GenericSchema<unknown, T>;
  /** What holds while there is no file. */
  readonly empty: T;
}

/**
 * Reads a state file.
 *
 * @throws {SyncError} `STATE_DAMAGED` if it cannot be read as what it should be. Nothing is guessed:
 *   an empty list of denied binaries would let one of them in again.
 */
export async function readStateFile<T>({ path, schema, empty }: StateFile<T>): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return empty;
    throw error;
  }
  let found = "no JSON";
  try {
    const parsed = v.safeParse(schema, JSON.parse(text));
    if (parsed.success) return parsed.output;
    const [issue] = parsed.issues;
    found = `${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`;
  } catch {
    // It is said below that it is no JSON.
  }
  throw new SyncError(
    "STATE_DAMAGED",
    `Cannot use "${path}": expected our own file, got "${found}"`,
  );
}

/** Replaces a state file as a whole; its folder is made where it is missing. */
export async function writeStateFile<T>({ path }: StateFile<T>, value: T): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Reads, changes and replaces a state file while no other process does; as {@link withFilesLocked}. */
export async function changeStateFile<T>(
  state: string,
  file: StateFile<T>,
  change: (before: T) => T,
  signal?: AbortSignal,
): Promise<void> {
  const write = async () => {
    const before = await readStateFile(file);
    const after = change(before);
    if (after !== before) await writeStateFile(file, after);
  };
  await withFilesLocked(state, write, signal);
}

/**
 * Reads and replaces files of the state folder while no other process does.
 *
 * @param state The state folder; its one lock for files serves all of them, as each is held for one
 *   write only, unless its process stands still.
 * @param signal Ends the waiting for the lock; absent: it is waited for as long as it takes.
 * @throws The signal's reason when it aborts before the lock is held.
 */
export async function withFilesLocked<T>(
  state: string,
  action: () => Promise<T>,
  signal = new AbortController().signal,
): Promise<T> {
  const path = lockPath(state, "files");
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const lock = await waitForLock(path, signal);
  try {
    return await action();
  } finally {
    await lock.release();
  }
}
