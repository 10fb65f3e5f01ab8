import { open } from "node:fs/promises";

/** Forces the bytes of a file to disk. */
export async function syncFile(path: string): Promise<void> {
  // Windows flushes only what is open for writing; nobody can open a running program so, but it was
  // flushed when it was staged.
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
