import type { LedgerErrorCode } from "@tideline/version";
import { ConvexError } from "convex/values";

/** Makes the error that reaches the caller with a stable `code` and a sentence for people. */
export function ledgerError(
  code: LedgerErrorCode,
  message: string,
): ConvexError<{ code: LedgerErrorCode; message: string }> {
  return new ConvexError({ code, message });
}
