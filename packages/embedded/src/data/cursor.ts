/**
 * Where a page of a query ends. A cursor is text that only this file reads: the query's
 * fingerprint, then the key of the last row before it, or nothing for the end of the query.
 */
import type { EncodedValue } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import { type IndexKey, keyFromBytes, keyToBytes } from "../values/index-key.js";

export type CursorPosition =
  | { readonly kind: "after"; readonly key: IndexKey }
  | { readonly kind: "end" };

/** Thrown for a cursor of another query; clients start over when they see it. */
export class InvalidCursorError extends SyscallError {
  /** What a `ConvexError` of this would carry. */
  readonly data: EncodedValue = { isConvexSystemError: true, paginationError: "InvalidCursor" };

  constructor() {
    super(
      "InvalidCursor: Tried to run a query starting from a cursor, but it looks like this cursor is from a different query.",
    );
  }
}

export function formatCursor(fingerprint: string, position: CursorPosition): string {
  if (position.kind === "end") return fingerprint;
  return `${fingerprint}.${keyToBytes(position.key).toString("base64url")}`;
}

/** @throws {InvalidCursorError} For a cursor of another query, or text that is none. */
export function parseCursor(fingerprint: string, cursor: string): CursorPosition {
  if (cursor === fingerprint) return { kind: "end" };
  const prefix = `${fingerprint}.`;
  if (!cursor.startsWith(prefix)) throw new InvalidCursorError();
  const bytes = Buffer.from(cursor.slice(prefix.length), "base64url");
  return { kind: "after", key: keyFromBytes(bytes) };
}
