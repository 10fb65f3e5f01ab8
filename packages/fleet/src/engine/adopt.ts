import { dirname } from "node:path";
import type { FleetTarget } from "@tideline/version/fleet";
import type { SubsystemConfig } from "../config/sync-config.js";
import { readLive } from "../swap/read-live.js";
import { type VersionFile, writeVersionFile } from "../swap/version-file.js";
import { SyncError } from "../sync-error.js";
import { verifyRelease } from "../trust/verify-release.js";
import type { EngineDeps } from "./engine-deps.js";

/**
 * Writes a `.version` for a live binary that has none, or one of other bytes, because somebody says
 * that it is to be taken as it is. It is called what a signed release of the target calls the same
 * bytes, and has neither version nor number otherwise. The binary itself is not touched.
 *
 * Does nothing where `.version` tells the truth, and where there is no binary.
 *
 * @param options.onlyReleased Leaves what no release of the target is. @default false
 */
export async function adopt(
  deps: EngineDeps,
  { name, binary }: SubsystemConfig,
  target: FleetTarget | null,
  { onlyReleased = false }: { readonly onlyReleased?: boolean } = {},
): Promise<void> {
  const live = await readLive(binary);
  if (live.state === "known" || live.state === "absent") return;
  const known = namedBy(deps, name, target, live.sha256);
  if (onlyReleased && known === null) return;
  await writeVersionFile(dirname(binary), {
    ...{ commit: null, version: null, seq: null, ...known },
    ...{ timestamp: deps.now(), checksum: live.sha256 },
  });
  deps.log(`${name}: the live binary was taken as it is: ${known?.version ?? live.sha256}`);
}

function namedBy(
  { config, trust, now }: EngineDeps,
  subsystem: string,
  target: FleetTarget | null,
  sha256: string,
): Pick<VersionFile, "commit" | "version" | "seq"> | null {
  for (const named of [target?.settled, target?.rollout]) {
    if (!named) continue;
    const { seq, version } = named;
    const expected = { subsystem, seq, version };
    const options = { ...config.trust, now: now(), state: trust.state, expected };
    try {
      const { artifacts, upstream } = verifyRelease(named.release, options);
      const isIt = Object.values(artifacts).some(({ binary }) => binary.sha256 === sha256);
      if (isIt) return { commit: upstream?.oid ?? null, version, seq };
    } catch (error) {
      // What is not believed names nothing; that it is refused is said right after.
      if (!(error instanceof SyncError)) throw error;
    }
  }
  return null;
}
