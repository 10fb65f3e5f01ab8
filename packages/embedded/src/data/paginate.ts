/**
 * One page of a query.
 *
 * The first run of a page ends after `pageSize` documents. Its end is the journal, and a rerun
 * with the journal (or with `endCursor`) reads to that same end, however many documents are there
 * now: neighbouring pages thus keep meeting, without gap or overlap.
 */
import type { EncodedValue } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import { afterKey, type IndexKey, type KeyInterval } from "../values/index-key.js";
import { type CursorPosition, formatCursor, parseCursor } from "./cursor.js";
import type { Documents } from "./documents.js";
import { fingerprintOf, type QueryPlan } from "./query-plan.js";
import { QueryStream } from "./query-stream.js";

export interface PageRequest {
  readonly query: EncodedValue | undefined;
  readonly cursor: string | null;
  readonly endCursor: string | null;
  readonly pageSize: number;
  readonly maximumRowsRead: number | null;
  readonly maximumBytesRead: number | null;
}

export interface Page {
  readonly page: EncodedValue[];
  readonly isDone: boolean;
  readonly continueCursor: string;
  readonly splitCursor: string | null;
  readonly pageStatus: "SplitRecommended" | "SplitRequired" | null;
}

const MAX_PAGE_SIZE = 32_000;
const SPLIT_RECOMMENDED_ROWS = 6144;

/**
 * @throws {SyscallError} For page sizes out of bounds.
 * @throws {InvalidCursorError} For a cursor of another query.
 */
export function paginate(documents: Documents, plan: QueryPlan, request: PageRequest): Page {
  checkPageSize(request.pageSize);
  const fingerprint = fingerprintOf(request.query, plan);
  const start = request.cursor === null ? null : parseCursor(fingerprint, request.cursor);
  const end = request.endCursor === null ? null : parseCursor(fingerprint, request.endCursor);
  if (start?.kind === "end") {
    const continueCursor = formatCursor(fingerprint, start);
    return { page: [], isDone: true, continueCursor, splitCursor: null, pageStatus: null };
  }

  const stream = new QueryStream(documents, plan, intervalBetween(plan, start, end));
  const read = readPage(documents, stream, request, end !== null);
  const stoppedAt: CursorPosition = read.lastKey === null ? { kind: "end" } : after(read.lastKey);
  const position = end ?? (read.isExhausted ? { kind: "end" } : stoppedAt);
  return {
    page: read.page,
    isDone: position.kind === "end",
    continueCursor: formatCursor(fingerprint, position),
    splitCursor: read.middleKey === null ? null : formatCursor(fingerprint, after(read.middleKey)),
    // A page that was cut before its fixed end is not whole; any other just ends where it was cut.
    pageStatus:
      end !== null && !read.isExhausted
        ? "SplitRequired"
        : read.isLarge
          ? "SplitRecommended"
          : null,
  };
}

interface PageRead {
  readonly page: EncodedValue[];
  /** No rows are left before the end. */
  readonly isExhausted: boolean;
  readonly lastKey: IndexKey | null;
  /** A row that has about as many before it as after it; null if there are not two rows. */
  readonly middleKey: IndexKey | null;
  readonly isLarge: boolean;
}

function readPage(
  documents: Documents,
  stream: QueryStream,
  request: PageRequest,
  hasFixedEnd: boolean,
): PageRead {
  const maximumRows = request.maximumRowsRead ?? Number.POSITIVE_INFINITY;
  const maximumBytes = request.maximumBytesRead ?? Number.POSITIVE_INFINITY;
  const page: EncodedValue[] = [];
  const keys: IndexKey[] = [];
  let bytesRead = 0;
  let isExhausted = false;
  while (hasFixedEnd || page.length < request.pageSize) {
    const isFull =
      keys.length >= maximumRows ||
      bytesRead >= maximumBytes ||
      !documents.usage.canRead(stream.nextSize());
    // The first row is always read, or a client would ask for the same page for ever.
    if (isFull && keys.length > 0) break;
    const step = stream.step();
    if (step === null) {
      isExhausted = true;
      break;
    }
    keys.push(step.row.key);
    bytesRead += step.row.size;
    if (step.document !== null) page.push({ ...step.document });
  }
  return {
    page,
    isExhausted,
    lastKey: keys.at(-1) ?? null,
    middleKey: keys.length < 2 ? null : (keys[(keys.length >> 1) - 1] ?? null),
    isLarge: keys.length > SPLIT_RECOMMENDED_ROWS || documents.usage.isNearReadLimit,
  };
}

function intervalBetween(
  { interval, order }: QueryPlan,
  start: { readonly kind: "after"; readonly key: IndexKey } | null,
  end: CursorPosition | null,
): KeyInterval {
  let { lower, upper } = interval;
  if (order === "asc") {
    if (start !== null) lower = afterKey(start.key);
    if (end?.kind === "after") upper = afterKey(end.key);
  } else {
    if (start !== null) upper = start.key;
    if (end?.kind === "after") lower = end.key;
  }
  return { lower, upper };
}

function after(key: IndexKey): CursorPosition {
  return { kind: "after", key };
}

function checkPageSize(pageSize: number): void {
  if (pageSize < 1) throw new SyscallError("Must request at least 1 document while paginating");
  if (pageSize > MAX_PAGE_SIZE) {
    throw new SyscallError(`Requested too many items: ${pageSize}`);
  }
}
