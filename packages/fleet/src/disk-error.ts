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
      return new SyncError(
        "DISK_FULL",
        `${action}${at(error, action)}: expected free space, got "${code}"`,
        {
          cause: error,
        },
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new SyncError(
        "FOLDER_NOT_WRITABLE",
        `${action}${at(error, action)}: expected write access, got "${code}"`,
        {
          cause: error,
        },
      );
    default:
      return error;
  }
}

/** Where, if the system says so and the action does not name it already. */
function at(error: unknown, action: string): string {
  const { path } = error as NodeJS.ErrnoException;
  return path === undefined || action.includes(`"${path}"`) ? "" : ` at "${path}"`;
}
