/**
 * Who wants to hear of something. A listener that throws does not keep the others, or the one who
 * calls them, from going on: its error surfaces as an uncaught exception.
 */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** @returns Stops it again. */
  add(listener: (value: T) => void): () => void {
    // A wrapper of its own lets one function be added twice and removed once.
    const own = (value: T) => listener(value);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  call(value: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
