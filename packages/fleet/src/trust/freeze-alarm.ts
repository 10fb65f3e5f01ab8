import { SyncError } from "../sync-error.js";

/** The highest `seq` of a subsystem that each says is published; null if it says nothing. */
export interface PublishedSeqs {
  readonly subsystem: string;
  readonly ledger: number | null;
  readonly host: number | null;
  /** The highest that this machine has accepted before; 0 if none. */
  readonly seen: number;
}

/**
 * Compares what ledger and release host say is the newest. Each of them alone could serve an old
 * state for ever; both together cannot without showing it here.
 *
 * @returns The alarm (`FREEZE`), or null if nobody is behind. A host that is ahead of the ledger is
 *   no alarm: a release is uploaded before it is announced.
 */
export function freezeAlarm({ subsystem, ledger, host, seen }: PublishedSeqs): SyncError | null {
  const [name, seq, newest] =
    host !== null && host < Math.max(ledger ?? 0, seen)
      ? ["release host", host, Math.max(ledger ?? 0, seen)]
      : ["ledger", ledger, seen];
  if (seq === null || seq >= newest) return null;
  return new SyncError(
    "FREEZE",
    `Cannot trust the ${name} to be up to date for "${subsystem}": expected seq ${newest} or higher, got ${seq}`,
  );
}
