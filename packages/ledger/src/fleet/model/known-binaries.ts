import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";

// Machines go back by one release, or by a few where several were skipped.
const MAX_RELEASES = 10;

/** Which release a binary is of. */
export interface KnownBinary {
  readonly version: string;
  readonly seq: number;
}

/**
 * The newest releases of subsystems by their binaries. Each subsystem's are read once for all the
 * machines of a batch, since many of them go back at the same time, and to the same release.
 */
export class KnownBinaries {
  readonly #ctx: FleetMutationCtx;
  readonly #releases = new Map<string, readonly FleetRow<"releases">[]>();

  constructor(ctx: FleetMutationCtx) {
    this.#ctx = ctx;
  }

  /** Finds the newest release with these bytes for a platform; null for bytes of nobody's. */
  async find(subsystem: string, platform: string, sha256: string): Promise<KnownBinary | null> {
    const releases = this.#releases.get(subsystem) ?? (await this.#read(subsystem));
    const found = releases.find(({ binaries }) => binaries[platform] === sha256);
    return found === undefined ? null : { version: found.version, seq: found.seq };
  }

  async #read(subsystem: string): Promise<readonly FleetRow<"releases">[]> {
    const releases = await this.#ctx.db
      .query("releases")
      .withIndex("by_seq", (q) => q.eq("subsystem", subsystem))
      .order("desc")
      .take(MAX_RELEASES);
    this.#releases.set(subsystem, releases);
    return releases;
  }
}
