/**
 * Commit timestamps and creation times: both strictly increase, over restarts and when the
 * machine's clock steps back.
 */
import type { Timestamp } from "../contract.js";

export interface ClockState {
  readonly lastTs: Timestamp;
  /** ms since epoch, with a fraction. */
  readonly lastCreationTime: number;
}

const NS_PER_MS = 1_000_000n;

export class Clock {
  readonly #now: () => number;
  #lastTs: Timestamp;
  #lastCreationTime: number;

  /** @param state Where an earlier clock stopped. */
  constructor(now: () => number, state: ClockState) {
    this.#now = now;
    this.#lastTs = state.lastTs;
    this.#lastCreationTime = state.lastCreationTime;
  }

  get state(): ClockState {
    return { lastTs: this.#lastTs, lastCreationTime: this.#lastCreationTime };
  }

  /** ms since epoch, as the machine says. */
  now(): number {
    return this.#now();
  }

  nextTs(): Timestamp {
    const now = BigInt(Math.floor(this.#now())) * NS_PER_MS;
    this.#lastTs = now > this.#lastTs ? now : this.#lastTs + 1n;
    return this.#lastTs;
  }

  nextCreationTime(): number {
    this.#lastCreationTime = Math.max(this.#now(), nextFloat(this.#lastCreationTime));
    return this.#lastCreationTime;
  }
}

const float = new Float64Array(1);
const bits = new BigUint64Array(float.buffer);

/** The next larger float; only for what is not negative. */
function nextFloat(value: number): number {
  float[0] = value;
  bits[0] = (bits[0] ?? 0n) + 1n;
  return float[0];
}
