import { nearestWord } from "@tideline/version/nearest-word";
import type { SubsystemConfig, SyncConfig } from "../config/sync-config.js";
import { UsageError } from "../usage-error.js";

/**
 * Finds the subsystem that somebody has typed.
 *
 * @throws {UsageError} If there is none of that name; with the one that was probably meant.
 */
export function requireSubsystem({ subsystems }: SyncConfig, name: string): SubsystemConfig {
  const found = Object.hasOwn(subsystems, name) ? subsystems[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(subsystems);
  const near = nearestWord(name, known);
  throw new UsageError(
    `Cannot find the subsystem: expected one of ${known.join(", ")}, got "${name}"${near === null ? "" : `; did you mean "${near}"?`}`,
  );
}
