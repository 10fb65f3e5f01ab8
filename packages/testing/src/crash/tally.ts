/** Counts events, and tells who waits for a number of them. */
export class Tally {
  #count = 0;
  #waiters: { readonly atLeast: number; readonly wake: () => void }[] = [];

  get count(): number {
    return this.#count;
  }

  add(): void {
    this.#count += 1;
    const due = this.#waiters.filter(({ atLeast }) => this.#count >= atLeast);
    this.#waiters = this.#waiters.filter(({ atLeast }) => this.#count < atLeast);
    for (const { wake } of due) wake();
  }

  /** Settles with the event of that number; at once if it has been. */
  reached(atLeast: number): Promise<void> {
    if (this.#count >= atLeast) return Promise.resolve();
    return new Promise((wake) => this.#waiters.push({ atLeast, wake }));
  }
}
