import { SyncError } from "../sync-error.js";

/** What an archive says of one of its entries. */
export interface ArchiveEntry {
  readonly name: string;
  readonly type: "file" | "directory" | "other";
  /** As the archive calls it, for the message. */
  readonly typeName: string;
  /** As stored; null where the archive stores none. */
  readonly mode: number | null;
}

/**
 * Refuses an archive for an entry that no release of ours holds, whether or not it is the one that is
 * wanted: a name that leads out of the folder, a link, a device, a pipe, a file with rights of its
 * owner. Nothing would be written for it; but whoever put it there means no good.
 *
 * @throws {SyncError} `ARCHIVE_UNSAFE`
 */
export function requireSafeEntry({ name, type, typeName, mode }: ArchiveEntry): void {
  const problem = nameProblem(name);
  if (problem !== null) throw unsafe(name, `expected a plain name, got ${problem}`);
  if (type === "other") throw unsafe(name, `expected a file or folder, got a ${typeName}`);
  // Folders keep setgid where they were made in a shared one.
  if (type === "file" && mode !== null && (mode & 0o6000) !== 0) {
    throw unsafe(name, `expected a file without setuid and setgid, got mode ${mode.toString(8)}`);
  }
}

function nameProblem(name: string): string | null {
  if (name === "") return "none";
  if (name.startsWith("/")) return "an absolute one";
  if (/^[A-Za-z]:/.test(name)) return "one with a drive";
  if (name.includes("\\")) return "one with a backslash";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\x00-\x1f\x7f]/.test(name)) return "one with a control character";
  return name.split("/").includes("..") ? 'one with ".."' : null;
}

function unsafe(name: string, problem: string): SyncError {
  const message = `Cannot unpack: ${problem}, in ${JSON.stringify(name.slice(0, 200))}`;
  return new SyncError("ARCHIVE_UNSAFE", message);
}
