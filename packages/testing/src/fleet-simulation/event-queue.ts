/** Virtual time: what happens when, in order; a heap, since a fleet has many things ahead of it. */
export class EventQueue {
  /** ms since the simulation began. */
  now = 0;
  private readonly heap: {
    readonly at: number;
    readonly turn: number;
    readonly act: () => void;
  }[] = [];
  private turns = 0;

  /** Lets something happen in so many ms; what is due at the same moment happens in the order of the calls. */
  after(ms: number, act: () => void): void {
    const { heap } = this;
    heap.push({ at: this.now + ms, turn: this.turns++, act });
    let index = heap.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.isBefore(index, parent)) break;
      this.swap(index, parent);
      index = parent;
    }
  }

  /** Goes on until nothing is due any more, or `until` is reached. */
  run(until = Number.POSITIVE_INFINITY): void {
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.at > until) break;
      this.removeFirst();
      this.now = next.at;
      next.act();
    }
    if (Number.isFinite(until)) this.now = until;
  }

  private removeFirst(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let index = 0; ; ) {
      let first = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && this.isBefore(child, first)) first = child;
      }
      if (first === index) return;
      this.swap(index, first);
      index = first;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [x, y] = [this.heap[a], this.heap[b]];
    if (x === undefined || y === undefined) return false;
    return x.at < y.at || (x.at === y.at && x.turn < y.turn);
  }

  private swap(a: number, b: number): void {
    const [x, y] = [this.heap[a], this.heap[b]];
    if (x === undefined || y === undefined) return;
    this.heap[a] = y;
    this.heap[b] = x;
  }
}
