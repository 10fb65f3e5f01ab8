import type { RunningBinary } from "@tideline/version/fleet";
import type { SyncConfig } from "../config/sync-config.js";
import { readLive } from "../swap/read-live.js";

/** Reads what lies at the live path of every subsystem. */
export async function readRunning({ subsystems }: SyncConfig): Promise<RunningBinary[]> {
  const found: RunningBinary[] = [];
  // One after the other: each is read to its end, and nobody waits.
  for (const { name, binary } of Object.values(subsystems)) {
    const live = await readLive(binary);
    const known = live.state === "known" ? live.version : null;
    const sha256 = live.state === "absent" ? null : live.sha256;
    found.push({
      subsystem: name,
      version: known?.version ?? null,
      seq: known?.seq ?? null,
      sha256,
    });
  }
  return found;
}
