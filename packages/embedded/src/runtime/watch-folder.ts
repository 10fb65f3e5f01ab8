import { type FSWatcher, watch } from "node:fs";
import { dirname, sep } from "node:path";

export interface FolderWatch {
  /** Sets the files outside the folder that matter too; those of packages are passed over. */
  follow(files: readonly string[]): void;
  close(): void;
}

// Editors and generators write several files in one go.
const SETTLE_MS = 100;

/** Calls back, once things are quiet, after a file in the folder (or followed) has changed. */
export function watchFolder(dir: string, onChange: () => void): FolderWatch {
  let timer: NodeJS.Timeout | undefined;
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, SETTLE_MS);
  };
  // A watcher fails when what it watches is deleted; the reload says what is wrong then.
  const root = watch(dir, { recursive: true }, changed).on("error", changed);
  const outside = new Map<string, FSWatcher>();
  return {
    follow(files) {
      const folders = new Set(
        files
          .filter((file) => !file.startsWith(dir + sep) && !file.includes(`node_modules${sep}`))
          .map((file) => dirname(file)),
      );
      for (const [folder, watcher] of outside) {
        if (folders.has(folder)) continue;
        watcher.close();
        outside.delete(folder);
      }
      for (const folder of folders) {
        if (folder === dir || outside.has(folder)) continue;
        outside.set(folder, watch(folder, changed).on("error", changed));
      }
    },
    close() {
      clearTimeout(timer);
      root.close();
      for (const watcher of outside.values()) watcher.close();
    },
  };
}
