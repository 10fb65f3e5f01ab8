/** Time that passes when it is told to, and the timers in it. */
export class VirtualClock {
  now = 1_800_000_000_000;
  readonly #setSystemTime: (now: number) => void;
  readonly #timers: { readonly at: number; readonly run: () => unknown }[] = [];

  /** @param setSystemTime Told of every moment, for those who read `Date.now()`. */
  constructor(setSystemTime: (now: number) => void) {
    this.#setSystemTime = setSystemTime;
    setSystemTime(this.now);
  }

  /** As `setTimeout`, but nothing is called off. */
  after(run: () => unknown, delayMs: number): void {
    this.#timers.push({ at: this.now + delayMs, run });
  }

  /** Lets time pass; what a timer starts and a look at the host needs is over when it returns. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      let next = -1;
      for (const [i, { at }] of this.#timers.entries()) {
        if (at <= until && (next < 0 || at < (this.#timers[next]?.at ?? 0))) next = i;
      }
      const [timer] = next < 0 ? [] : this.#timers.splice(next, 1);
      if (timer === undefined) break;
      this.#set(Math.max(this.now, timer.at));
      await timer.run();
    }
    this.#set(until);
  }

  #set(now: number): void {
    this.now = now;
    this.#setSystemTime(now);
  }
}
