/**
 * Runs an asynchronous function one step at a time: it stands still wherever it awaits its turn,
 * and others act meanwhile. One that is never stepped again has crashed there.
 */
export class SteppedJob {
  readonly #run: (turn: () => Promise<void>) => Promise<void>;
  #ending: Promise<true> | null = null;
  #resume: () => void = () => {};
  #arrive: () => void = () => {};

  /** @param run What is to be done. Only `turn` may keep it waiting for others. */
  constructor(run: (turn: () => Promise<void>) => Promise<void>) {
    this.#run = run;
  }

  /** Lets it go on until it awaits its next turn; true once it has ended. */
  async step(): Promise<boolean> {
    const arrival = new Promise<false>((resolve) => {
      this.#arrive = () => resolve(false);
    });
    if (this.#ending === null) this.#ending = this.#run(this.#turn).then(() => true);
    else this.#resume();
    return await Promise.race([arrival, this.#ending]);
  }

  readonly #turn = (): Promise<void> =>
    new Promise((resolve) => {
      this.#resume = resolve;
      this.#arrive();
    });
}
