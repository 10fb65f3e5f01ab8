import type { Commit, CommittedWrite, ReadSet } from "../contract.js";
import type { IndexKey, KeyInterval } from "../values/index-key.js";
import type { IndexDefinition } from "./index-definition.js";

/** An interval that grows while a query reads on. */
export interface GrowingInterval {
  lower: IndexKey;
  upper: IndexKey;
}

/**
 * The index intervals that a function has read.
 *
 * A write touches them by its old key or its new one. A document that was looked for and not
 * found is an interval too, as is the empty part of a range.
 */
export class IntervalReadSet implements ReadSet {
  readonly tableNames = new Set<string>();
  readonly #byTable = new Map<string, Map<IndexDefinition, GrowingInterval[]>>();
  /** Sorted and merged; null while intervals may still be added. */
  #merged: Map<string, [IndexDefinition, KeyInterval[]][]> | null = null;

  /** Adds an interval; the caller may widen it while its function runs. */
  add(index: IndexDefinition, interval: GrowingInterval): void {
    this.#merged = null;
    this.tableNames.add(index.tableName);
    let byIndex = this.#byTable.get(index.tableName);
    if (byIndex === undefined) {
      byIndex = new Map();
      this.#byTable.set(index.tableName, byIndex);
    }
    const intervals = byIndex.get(index);
    if (intervals === undefined) byIndex.set(index, [interval]);
    else intervals.push(interval);
  }

  /** Call it when an added interval was widened. */
  widened(): void {
    this.#merged = null;
  }

  isTouchedBy(commit: Commit): boolean {
    return commit.writes.some((write) => this.#isTouchedByWrite(write));
  }

  #isTouchedByWrite(write: CommittedWrite): boolean {
    if (!this.tableNames.has(write.tableName)) return false;
    this.#merged ??= this.#merge();
    for (const [index, intervals] of this.#merged.get(write.tableName) ?? []) {
      const keys = keysOfWrite(write, index);
      if (contains(intervals, keys.before) || contains(intervals, keys.after)) return true;
    }
    return false;
  }

  #merge(): Map<string, [IndexDefinition, KeyInterval[]][]> {
    const merged = new Map<string, [IndexDefinition, KeyInterval[]][]>();
    for (const [tableName, byIndex] of this.#byTable) {
      merged.set(
        tableName,
        [...byIndex].map(([index, intervals]) => [index, mergeIntervals(intervals)]),
      );
    }
    return merged;
  }
}

interface WriteKeys {
  readonly before: IndexKey | null;
  readonly after: IndexKey | null;
}

// Many read sets ask about the same write: its keys are made once for each index.
const keysOfWrites = new WeakMap<CommittedWrite, Map<IndexDefinition, WriteKeys>>();

function keysOfWrite(write: CommittedWrite, index: IndexDefinition): WriteKeys {
  let byIndex = keysOfWrites.get(write);
  if (byIndex === undefined) {
    byIndex = new Map();
    keysOfWrites.set(write, byIndex);
  }
  let keys = byIndex.get(index);
  if (keys === undefined) {
    keys = {
      before: write.before === null ? null : index.keyOf(write.before),
      after: write.after === null ? null : index.keyOf(write.after),
    };
    byIndex.set(index, keys);
  }
  return keys;
}

/** Sorts intervals and joins those that overlap or meet. */
function mergeIntervals(intervals: readonly KeyInterval[]): KeyInterval[] {
  const sorted = intervals
    .filter(({ lower, upper }) => lower < upper)
    .sort((left, right) => (left.lower < right.lower ? -1 : 1));
  const merged: GrowingInterval[] = [];
  for (const { lower, upper } of sorted) {
    const last = merged.at(-1);
    if (last === undefined || lower > last.upper) merged.push({ lower, upper });
    else if (upper > last.upper) last.upper = upper;
  }
  return merged;
}

/** Whether a key lies in one of the sorted intervals. */
function contains(intervals: readonly KeyInterval[], key: IndexKey | null): boolean {
  if (key === null) return false;
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const interval = intervals[middle];
    if (interval === undefined) return false;
    if (key < interval.lower) high = middle;
    else if (key >= interval.upper) low = middle + 1;
    else return true;
  }
  return false;
}
