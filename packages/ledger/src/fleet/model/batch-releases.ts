import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { findRelease, findRollout, findStats, type ReleaseOf } from "./find-rollout.js";
import type { WorkBudget } from "./work-budget.js";

// Machines go back by one release, or by a few where several were skipped.
const MAX_RELEASES = 10;

/** Which release a binary is of. */
export interface KnownBinary {
  readonly version: string;
  readonly seq: number;
}

/** What was published, as far as a batch of reports asks; each thing is read once for all of them. */
export class BatchReleases {
  readonly #ctx: FleetMutationCtx;
  readonly #work: WorkBudget;
  readonly #releases = new Map<string, FleetRow<"releases"> | null>();
  readonly #newest = new Map<string, readonly FleetRow<"releases">[]>();
  readonly #rollouts = new Map<string, FleetRow<"rollouts"> | null>();
  readonly #stats = new Map<string, FleetRow<"stats">[]>();

  constructor(ctx: FleetMutationCtx, work: WorkBudget) {
    this.#ctx = ctx;
    this.#work = work;
  }

  /** The release under a number, or null. */
  async release({ subsystem, seq }: ReleaseOf): Promise<FleetRow<"releases"> | null> {
    return await once(this.#releases, `${subsystem} ${seq}`, async () => {
      const row = await findRelease(this.#ctx, subsystem, seq);
      this.#work.spend(1, bytesOf(row));
      return row;
    });
  }

  /** How it goes through a channel, or null. */
  async rollout(of: ReleaseOf): Promise<FleetRow<"rollouts"> | null> {
    return await once(this.#rollouts, `${of.channel} ${of.subsystem} ${of.seq}`, async () => {
      this.#work.spend(1);
      return await findRollout(this.#ctx, of);
    });
  }

  /** The numbers of a rollout's rings, to be changed in place; written by {@link save}. */
  async stats(rollout: FleetRow<"rollouts">): Promise<FleetRow<"stats">[]> {
    return await once(this.#stats, rollout._id, async () => {
      const rows = await findStats(this.#ctx, rollout);
      this.#work.spend(1 + 2 * rows.length);
      return rows;
    });
  }

  /** Finds the newest release with these bytes for a platform; null for bytes of nobody's. */
  async withBinary(
    subsystem: string,
    platform: string,
    sha256: string,
  ): Promise<KnownBinary | null> {
    const newest = await once(this.#newest, subsystem, async () => {
      const rows = await this.#ctx.db
        .query("releases")
        .withIndex("by_seq", (q) => q.eq("subsystem", subsystem))
        .order("desc")
        .take(MAX_RELEASES);
      this.#work.spend(
        1,
        rows.map(bytesOf).reduce((sum, bytes) => sum + bytes, 0),
      );
      return rows;
    });
    const found = newest.find(({ binaries }) => binaries[platform] === sha256);
    return found === undefined ? null : { version: found.version, seq: found.seq };
  }

  /** Writes every number that was asked for, once for the whole batch. */
  async save(): Promise<void> {
    for (const { _id, _creationTime, ...stats } of [...this.#stats.values()].flat()) {
      await this.#ctx.db.replace(_id, stats);
    }
  }
}

function bytesOf(row: FleetRow<"releases"> | null): number {
  return row === null ? 0 : row.release.manifest.length + row.release.keyset.length + 2_000;
}

async function once<Value>(
  known: Map<string, Value>,
  key: string,
  read: () => Promise<Value>,
): Promise<Value> {
  const found = known.get(key);
  if (found !== undefined) return found;
  const value = await read();
  known.set(key, value);
  return value;
}
