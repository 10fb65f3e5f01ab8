import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { findRollout, findStats, type ReleaseOf } from "./find-rollout.js";
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

  /** What a channel has under a number, or null. */
  async release(of: ReleaseOf): Promise<FleetRow<"releases"> | null> {
    return await once(this.#releases, `${of.channel} ${of.subsystem} ${of.seq}`, async () => {
      const rollout = await this.rollout(of);
      const row = rollout === null ? null : await this.#ctx.db.get(rollout.releaseId);
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

  /** Finds a channel's newest release with these bytes for a platform; null for nobody's bytes. */
  async withBinary(
    { channel, subsystem }: Omit<ReleaseOf, "seq">,
    platform: string,
    sha256: string,
  ): Promise<KnownBinary | null> {
    const newest = await once(this.#newest, `${channel} ${subsystem}`, async () => {
      const rollouts = await this.#ctx.db
        .query("rollouts")
        .withIndex("by_seq", (q) => q.eq("channel", channel).eq("subsystem", subsystem))
        .order("desc")
        .take(MAX_RELEASES);
      const rows = await Promise.all(rollouts.map(({ releaseId }) => this.#ctx.db.get(releaseId)));
      const bytes = rows.map(bytesOf).reduce((sum, bytes) => sum + bytes, 0);
      this.#work.spend(1 + rows.length, bytes);
      return rows.filter((row) => row !== null);
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
