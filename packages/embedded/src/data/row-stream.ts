/**
 * Reads an index interval row by row, fetching ahead in growing chunks, and records what was
 * looked at in the read set: only as far as rows were taken, and the whole interval once it
 * turned out to have no more.
 */
import { afterKey, type IndexKey, type KeyInterval } from "../values/index-key.js";
import type { Index } from "./catalog.js";
import type { Documents } from "./documents.js";
import type { GrowingInterval } from "./read-set.js";
import type { Order, StoredDocument } from "./store.js";

const FIRST_CHUNK = 16;
const LARGEST_CHUNK = 512;

export class RowStream {
  readonly #documents: Documents;
  readonly #index: Index;
  readonly #interval: KeyInterval;
  readonly #order: Order;
  /** What was looked at so far. */
  readonly #seen: GrowingInterval;
  #chunk: readonly StoredDocument[] = [];
  #position = 0;
  #chunkVersion: number;
  #nextChunkLength: number;
  #mayHaveMore: boolean;
  #isCounted = false;

  /** @param expected How many rows will be taken, if that is known. */
  constructor(
    documents: Documents,
    index: Index,
    interval: KeyInterval,
    order: Order,
    expected: number | null,
  ) {
    this.#documents = documents;
    this.#index = index;
    this.#interval = interval;
    this.#order = order;
    const start = order === "asc" ? interval.lower : interval.upper;
    this.#seen = { lower: start, upper: start };
    this.#chunkVersion = documents.version;
    this.#nextChunkLength = Math.min(expected ?? FIRST_CHUNK, LARGEST_CHUNK);
    this.#mayHaveMore = interval.lower < interval.upper;
    documents.readSet.add(index, this.#seen);
  }

  /** The row that `next` would take; null at the end. Looking at it does not count as reading. */
  peek(): StoredDocument | null {
    if (this.#chunkVersion !== this.#documents.version) this.#dropFetched();
    if (this.#position === this.#chunk.length && this.#mayHaveMore) this.#fetch();
    return this.#chunk[this.#position] ?? null;
  }

  /**
   * Takes the next row; null at the end.
   *
   * @throws {SyscallError} When the function has read too much.
   */
  next(): StoredDocument | null {
    const { usage } = this.#documents;
    if (!this.#isCounted) {
      this.#isCounted = true;
      usage.countQuery();
    }
    const row = this.nextUncounted();
    if (row !== null) usage.countRead(row.size);
    return row;
  }

  /** As `next`, for the server's own reads, which have no limits. */
  nextUncounted(): StoredDocument | null {
    const row = this.peek();
    if (row !== null) this.#position += 1;
    this.#recordUpTo(row === null ? null : row.key);
    return row;
  }

  #fetch(): void {
    const { id } = this.#index;
    const limit = this.#nextChunkLength;
    this.#chunk =
      id === null ? [] : this.#documents.store.scan(id, this.#rest(), this.#order, limit);
    this.#position = 0;
    this.#chunkVersion = this.#documents.version;
    this.#mayHaveMore = this.#chunk.length === limit;
    this.#nextChunkLength = Math.min(Math.max(limit, 1) * 2, LARGEST_CHUNK);
  }

  /** The function wrote something since the chunk was fetched: it must see that. */
  #dropFetched(): void {
    this.#chunkVersion = this.#documents.version;
    this.#chunk = [];
    this.#position = 0;
    // A loop that writes for each row would fetch a chunk for each row, too.
    this.#nextChunkLength = 1;
    this.#mayHaveMore = true;
  }

  #rest(): KeyInterval {
    return this.#order === "asc"
      ? { lower: this.#seen.upper, upper: this.#interval.upper }
      : { lower: this.#interval.lower, upper: this.#seen.lower };
  }

  #recordUpTo(key: IndexKey | null): void {
    if (this.#order === "asc")
      this.#seen.upper = key === null ? this.#interval.upper : afterKey(key);
    else this.#seen.lower = key === null ? this.#interval.lower : key;
    this.#documents.readSet.widened();
  }
}
