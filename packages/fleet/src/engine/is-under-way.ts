import { readJournal } from "./journal.js";
import { lockHolder } from "./lock.js";
import { lockPath } from "./state-paths.js";

/**
 * Says whether a running process is at an attempt of a subsystem now, and may just have ended its
 * service. A journal that nobody works on any more is none: its service stays as it is. Writes nothing.
 */
export async function isUnderWay(state: string, subsystem: string): Promise<boolean> {
  if ((await readJournal(state, subsystem)) === null) return false;
  return (await lockHolder(lockPath(state, { subsystem }))) !== null;
}
