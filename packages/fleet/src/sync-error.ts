import { REASONS, type ReasonCode } from "@tideline/version/fleet";

/** Why a command or a step did not do what it was asked; names a stable reason and the next step. */
export class SyncError extends Error {
  override readonly name = "SyncError";
  readonly reason: ReasonCode;

  /** @param message One sentence: what could not be done, what was needed, what was found. */
  constructor(reason: ReasonCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }

  /** What a person does next. */
  get nextStep(): string {
    return REASONS[this.reason];
  }
}
