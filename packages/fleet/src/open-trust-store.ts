import { dirname, join } from "node:path";
import type { SyncConfig } from "./config/sync-config.js";
import { readVersionFile } from "./swap/version-file.js";
import { TrustStore } from "./trust/trust-store.js";

/**
 * Opens the machine's memory of what it has verified. Where a copy of it is missing or torn, what
 * lies on disk is the floor: nothing older than the live binaries and the kept ones is believed.
 */
export async function openTrustStore({
  state,
  subsystems,
}: Pick<SyncConfig, "state" | "subsystems">): Promise<TrustStore> {
  return await TrustStore.open(state, {
    floor: async () => {
      const floor: Record<string, number> = {};
      for (const { name, binary } of Object.values(subsystems)) {
        for (const folder of [dirname(binary), join(dirname(binary), ".previous")]) {
          const reading = await readVersionFile(folder);
          const seq = reading.state === "read" ? (reading.file.seq ?? 0) : 0;
          floor[name] = Math.max(floor[name] ?? 0, seq);
        }
      }
      return floor;
    },
  });
}
