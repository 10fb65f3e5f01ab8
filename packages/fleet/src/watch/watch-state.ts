import { watch } from "node:fs";
import { mkdir } from "node:fs/promises";

/**
 * Hears when another process changes one of the state folder's files, as `approve` and `pin` do;
 * until `signal` aborts. Where the file system cannot tell, a change counts at the next event.
 */
export async function watchState(
  state: string,
  files: readonly string[],
  onChange: (file: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(state, { recursive: true, mode: 0o700 });
  if (signal.aborted) return;
  try {
    const watcher = watch(state, { signal, persistent: false }, (_, file) => {
      // A file is replaced by a rename, which is one event for each of its names.
      if (file !== null && files.includes(file)) onChange(file);
    });
    watcher.on("error", () => watcher.close());
  } catch {
    // Some network file systems have no such events.
  }
}
