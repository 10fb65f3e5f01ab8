/**
 * What one function has used of the database, and the limits where it is stopped. The limits are
 * those of the real server, so that what works here works there.
 */
import type { EncodedValue } from "../contract.js";
import { SyscallError } from "../syscall-error.js";

type Resource =
  | "bytesRead"
  | "bytesWritten"
  | "databaseQueries"
  | "documentsRead"
  | "documentsWritten";

const MEBIBYTE = 1 << 20;
const USE_INDEXES =
  "Consider using smaller limits in your queries, paginating your queries, or using indexed queries with a selective index range expressions.";

const LIMITS: { readonly [resource in Resource]: { max: number; refusal: string } } = {
  bytesRead: {
    max: 16 * MEBIBYTE,
    refusal: `Too many bytes read in a single function execution (limit: 16777216 bytes). ${USE_INDEXES}`,
  },
  bytesWritten: {
    max: 16 * MEBIBYTE,
    refusal: "Too many bytes written in a single function execution (limit: 16777216 bytes)",
  },
  databaseQueries: {
    max: 4096,
    refusal: "Too many reads in a single function execution (limit: 4096).",
  },
  documentsRead: {
    max: 32_000,
    refusal: `Too many documents read in a single function execution (limit: 32000). ${USE_INDEXES}`,
  },
  documentsWritten: {
    max: 16_000,
    refusal: "Too many writes in a single function execution (limit: 16000)",
  },
};

export class Usage {
  readonly #used: { [resource in Resource]: number } = {
    bytesRead: 0,
    bytesWritten: 0,
    databaseQueries: 0,
    documentsRead: 0,
    documentsWritten: 0,
  };

  /** @throws {SyscallError} When a limit is passed. */
  countRead(bytes: number): void {
    this.#count("documentsRead", 1);
    this.#count("bytesRead", bytes);
  }

  /** Counts one index range. @throws {SyscallError} When a limit is passed. */
  countQuery(): void {
    this.#count("databaseQueries", 1);
  }

  /** @throws {SyscallError} When a limit is passed. */
  countWrite(bytes: number): void {
    this.#count("documentsWritten", 1);
    this.#count("bytesWritten", bytes);
  }

  /** Whether three quarters of what may be read is used up. */
  get isNearReadLimit(): boolean {
    const isNear = (resource: Resource) => this.#used[resource] > LIMITS[resource].max * 0.75;
    return isNear("documentsRead") || isNear("bytesRead");
  }

  /** Whether one more document of this size may be read. */
  canRead(bytes: number): boolean {
    return (
      this.#used.documentsRead < LIMITS.documentsRead.max &&
      this.#used.bytesRead + bytes <= LIMITS.bytesRead.max
    );
  }

  /** The answer of `getTransactionMetrics`, without what is scheduled: the runtime counts that. */
  metrics(): { [resource: string]: EncodedValue } {
    return Object.fromEntries(
      Object.entries(this.#used).map(([resource, used]) => [
        resource,
        { used, remaining: Math.max(0, LIMITS[resource as Resource].max - used) },
      ]),
    );
  }

  #count(resource: Resource, amount: number): void {
    this.#used[resource] += amount;
    const { max, refusal } = LIMITS[resource];
    if (this.#used[resource] > max) throw new SyscallError(refusal);
  }
}
