import type { ReasonCode } from "@tideline/version/fleet";
import { nextStepOf } from "./next-step.js";

/** Why a command or a step did not do what it was asked; names a stable reason and the next step. */
export class SyncError extends Error {
  override readonly name = "SyncError";
  readonly reason: ReasonCode;
  /** Whose it is, for the next step; null while nobody has said. */
  subsystem: string | null = null;

  /** @param message One sentence: what could not be done, what was needed, what was found. */
  constructor(reason: ReasonCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }

  /** What a person does next. */
  get nextStep(): string {
    return nextStepOf(this.reason, this.subsystem ?? "NAME");
  }
}
