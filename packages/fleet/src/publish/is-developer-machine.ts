import { stat } from "node:fs/promises";
import type { SubsystemConfig } from "../config/sync-config.js";

/** Says whether a subsystem's source folder is here: then it is built here, else it is downloaded. */
export async function isDeveloperMachine({ source }: SubsystemConfig): Promise<boolean> {
  if (source === null) return false;
  try {
    return (await stat(source.folder)).isDirectory();
  } catch {
    // What cannot be looked at cannot be built either.
    return false;
  }
}
