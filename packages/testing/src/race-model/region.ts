import type { Random } from "../interleavings/random.js";

/** What is deployed: some bytes, and the commit that they were built from. */
export interface Build {
  readonly buildId: string;
  readonly gitCommit: string;
}

/**
 * One region: a target of its own with a host that serves one build, and nodes in front of it that
 * may hand out the build before it for a while, to a page's look past the caches as well.
 */
export class Region {
  readonly environment: string;
  /** What the host serves. */
  served: Build;
  #stale: Build | null = null;
  readonly #staleChance: number;
  readonly #random: Random;

  constructor(environment: string, first: Build, staleChance: number, random: Random) {
    this.environment = environment;
    this.served = first;
    this.#staleChance = staleChance;
    this.#random = random;
  }

  switchTo(build: Build): void {
    if (build.buildId !== this.served.buildId) this.#stale = this.served;
    this.served = build;
  }

  /** What one request of a page brings. */
  request(): string {
    const isStale = this.#stale !== null && this.#random.chance(this.#staleChance);
    return ((isStale ? this.#stale : null) ?? this.served).buildId;
  }

  /** Every node has the newest build from now on, until the next switch. */
  purge(): void {
    this.#stale = null;
  }
}
