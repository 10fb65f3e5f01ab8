import { basename, dirname, join } from "node:path";

/** What lies beside `tideline-sync`'s own binary, and is the guard's. */
export interface GuardPaths {
  /** The file that is swapped, as any other binary. */
  readonly active: string;
  readonly folder: string;
  /** A copy that is known to be well: what the guard is started from, and falls back to. */
  readonly kept: string;
  /** Where it is spoken to. */
  readonly socket: string;
}

/** @param active Absolute path of the live `tideline-sync`. */
export function guardPaths(active: string): GuardPaths {
  const folder = join(dirname(active), ".guard");
  return { active, folder, kept: join(folder, basename(active)), socket: join(folder, "socket") };
}

/** The active file that belongs to the file which a guard was started from. */
export function activeOf(file: string): string {
  const folder = dirname(file);
  return basename(folder) === ".guard" ? join(dirname(folder), basename(file)) : file;
}

/** The service name of a configuration for the process that runs `tideline-sync watch` itself. */
export const SELF_SERVICE = "self";
