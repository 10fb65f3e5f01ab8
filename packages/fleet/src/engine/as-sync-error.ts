import { SupervisorError } from "../supervise/supervisor.js";
import { SyncError } from "../sync-error.js";

/** Names the supervisor's trouble; everything else comes back as it is. */
export function asSyncError(cause: unknown): unknown {
  if (!(cause instanceof SupervisorError)) return cause;
  switch (cause.kind) {
    case "unreachable":
    case "unauthorized":
      return new SyncError("SUPERVISOR_UNREACHABLE", cause.message, { cause });
    case "unknown-service":
      return new SyncError("SERVICE_UNKNOWN", cause.message, { cause });
    case "failed":
      return new SyncError("RESTART_FAILED", cause.message, { cause });
    default:
      return cause.kind satisfies never;
  }
}
