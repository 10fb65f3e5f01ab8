/** Where the engine keeps what it must not forget, below the state folder. */
import { join } from "node:path";

/**
 * The lock of one subsystem's attempt; of what only one subsystem may do at a time on a machine
 * (`machine`: swap, restart, gate); of one write to a shared file (`files`).
 */
export function lockPath(
  state: string,
  what: "machine" | "files" | { readonly subsystem: string },
): string {
  const name = typeof what === "string" ? what : `subsystem-${what.subsystem}`;
  return join(state, "locks", `${name}.lock`);
}

/** The attempt that is under way. */
export function journalPath(state: string, subsystem: string): string {
  return join(state, "journal", `${subsystem}.json`);
}

/** What the last attempts came to. */
export function outcomePath(state: string, subsystem: string): string {
  return join(state, "outcomes", `${subsystem}.json`);
}
