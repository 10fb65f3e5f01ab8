import { join } from "node:path";

/** The lock of the machine's one service. */
export function watchLockPath(state: string): string {
  return join(state, "locks", "watch.lock");
}
