// A mutation may read 4,096 times and 16 MiB. Reports themselves, and what a run does beside
// counting, take their part of that.
const MAX_STEPS = 1_500;
const MAX_BYTES = 4_000_000;

/**
 * What one run may still do. A run ends by it, not by a number of rows: one report may be of a
 * hundred subsystems, and what a run cannot do it would fail at for ever.
 */
export class WorkBudget {
  #steps = 0;
  #bytes = 0;

  /**
   * Notes what was done.
   *
   * @param steps Reads and writes.
   * @param bytes About how much was read; small rows need not be counted.
   */
  spend(steps: number, bytes = 0): void {
    this.#steps += steps;
    this.#bytes += bytes;
  }

  /** True once the run has to leave the rest to the next one. */
  get isSpent(): boolean {
    return this.#steps >= MAX_STEPS || this.#bytes >= MAX_BYTES;
  }
}
