/** A clock that stands still until a test moves it. `now` and `after` are what a watch takes. */
export class FakeClock {
  #now: number;
  #due: { at: number; callback: () => void }[] = [];

  /** @param now ms since epoch. */
  constructor(now = Date.UTC(2026, 10, 20)) {
    this.#now = now;
  }

  now = (): number => this.#now;

  after = (callback: () => void, delayMs: number): void => {
    this.#due.push({ at: this.#now + delayMs, callback });
  };

  /** Sets the time without letting any pass, as a person or a time server does. */
  set(now: number): void {
    const shiftMs = now - this.#now;
    this.#now = now;
    // Timers run on elapsed time, not on the wall clock.
    for (const timer of this.#due) timer.at += shiftMs;
  }

  /** Lets time pass: runs what falls due, in order, and waits for what that starts. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#due.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#due.splice(this.#due.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets promises that wait for nothing outside run to their end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
