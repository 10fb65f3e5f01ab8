import type { FleetId, FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { findInstall } from "./find-install.js";
import type { WorkBudget } from "./work-budget.js";

/** As many as one presence tells of. Whoever tells of more makes names up. */
const MAX_INSTALLS = 100;
// With the longest detail of an attempt.
const ROW_BYTES = 1_500;

type Install = FleetRow<"installs">;

/** What may be said of an install; what is left out of it stays. */
export type InstallFields = Omit<
  Install,
  "_id" | "_creationTime" | "machineId" | "subsystem" | "attempt"
> &
  Partial<Pick<Install, "attempt">>;

/** What machines run, read once for each machine of a batch, and written as it changes. */
export class BatchInstalls {
  readonly #ctx: FleetMutationCtx;
  readonly #work: WorkBudget;
  readonly #known = new Map<string, Map<string, Install>>();

  constructor(ctx: FleetMutationCtx, work: WorkBudget) {
    this.#ctx = ctx;
    this.#work = work;
  }

  async find(machineId: FleetId<"machines">, subsystem: string): Promise<Install | null> {
    const rows = await this.#of(machineId);
    const found = rows.get(subsystem);
    if (found !== undefined || rows.size < MAX_INSTALLS) return found ?? null;
    this.#work.spend(1, ROW_BYTES);
    return await findInstall(this.#ctx, machineId, subsystem);
  }

  /**
   * Writes what a machine runs; nothing where it is known already.
   *
   * @param isReal True for a subsystem that somebody published. One that nobody did is taken as
   *   well, since its first release needs to know who has it, but only so many of a machine.
   */
  async write(
    machineId: FleetId<"machines">,
    subsystem: string,
    fields: InstallFields,
    isReal: boolean,
  ): Promise<void> {
    const { db } = this.#ctx;
    const rows = await this.#of(machineId);
    const before = await this.find(machineId, subsystem);
    if (before === null) {
      if (!isReal && rows.size >= MAX_INSTALLS) return;
      const id = await db.insert("installs", { machineId, subsystem, attempt: null, ...fields });
      this.#work.spend(2, ROW_BYTES);
      rows.set(subsystem, (await db.get(id)) as Install);
      return;
    }
    // Most machines say once a day what is known; nobody has to look again for that.
    const isKnown = Object.entries(fields).every(
      ([key, value]) => before[key as keyof Install] === value,
    );
    if (isKnown) return;
    await db.patch(before._id, fields);
    this.#work.spend(1);
    rows.set(subsystem, { ...before, ...fields });
  }

  async #of(machineId: FleetId<"machines">): Promise<Map<string, Install>> {
    const known = this.#known.get(machineId);
    if (known !== undefined) return known;
    const rows = await this.#ctx.db
      .query("installs")
      .withIndex("by_machine", (q) => q.eq("machineId", machineId))
      .take(MAX_INSTALLS);
    this.#work.spend(1, rows.length * ROW_BYTES);
    const bySubsystem = new Map(rows.map((row) => [row.subsystem, row]));
    this.#known.set(machineId, bySubsystem);
    return bySubsystem;
  }
}
