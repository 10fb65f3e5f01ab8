/** Why a command did not do what it was asked; decides the exit code. */
export type CommandErrorKind =
  /** What it needs could not be reached, or did not take it. */
  | "failed"
  /** A wrong or missing option, variable or file. */
  | "usage"
  /** It would have been wrong to do, and trying again would be too. */
  | "refused"
  /** Something that must never change exists already and is another. */
  | "conflict"
  /** The caller stopped it. */
  | "interrupted";

/** Says in one sentence why a command did not do what it was asked. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly kind: CommandErrorKind;
  /** The ledger's own code (`"UNAUTHENTICATED"` and so on), or null where it is not the ledger's. */
  readonly code: string | null;
  /** True if the request may have arrived, so that repeating it needs the same idempotency key. */
  readonly isOutcomeUnknown: boolean;
  /** What `--json` says besides the sentence. */
  readonly details: object;

  constructor(
    kind: CommandErrorKind,
    message: string,
    options: {
      readonly code?: string;
      readonly isOutcomeUnknown?: boolean;
      readonly details?: object;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.code = options.code ?? null;
    this.isOutcomeUnknown = options.isOutcomeUnknown ?? false;
    this.details = options.details ?? {};
  }
}
