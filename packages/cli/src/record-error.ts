/** Why something was not recorded; decides the exit code. */
export type RecordErrorKind =
  /** The ledger could not be reached, or did not take it. */
  | "failed"
  /** A wrong or missing option, variable or file. */
  | "usage"
  /** It would have been wrong to record, and trying again would be too. */
  | "refused"
  /** The caller stopped it. */
  | "interrupted";

/** Says in one sentence why something was not recorded. */
export class RecordError extends Error {
  override readonly name = "RecordError";
  readonly kind: RecordErrorKind;
  /** The ledger's own code (`"UNAUTHENTICATED"` and so on), or null where it is not the ledger's. */
  readonly code: string | null;
  /** True if the request may have arrived, so that repeating it needs the same idempotency key. */
  readonly isOutcomeUnknown: boolean;

  constructor(
    kind: RecordErrorKind,
    message: string,
    options: {
      readonly code?: string;
      readonly isOutcomeUnknown?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.code = options.code ?? null;
    this.isOutcomeUnknown = options.isOutcomeUnknown ?? false;
  }
}
