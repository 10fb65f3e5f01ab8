import { SyncError } from "./sync-error.js";

/**
 * Names what the file system refused: a full disk (or quota) is `DISK_FULL`, a folder that may not be
 * written to is `FOLDER_NOT_WRITABLE`. Everything else, a {@link SyncError} too, comes back as it is.
 *
 * @param action What could not be done, as in `Cannot write "/srv/nats/.version"`.
 * @example
 * catch (error) { throw asDiskError(error, `Cannot write "${path}"`) }
 */
export function asDiskError(error: unknown, action: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new SyncError("DISK_FULL", `${action}: expected free space, got "${code}"`, {
        cause: error,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new SyncError(
        "FOLDER_NOT_WRITABLE",
        `${action}: expected write access, got "${code}"`,
        {
          cause: error,
        },
      );
    default:
      return error;
  }
}
