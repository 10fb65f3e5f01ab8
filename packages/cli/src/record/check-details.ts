import { CommandError } from "../command-error.js";
import type { DeploymentOptions } from "./deployment-options.js";

const MAX_NOTES_BYTES = 4096;

/**
 * Checks what is said of a deployment beside its stamp, before anything is looked at or sent: the
 * ledger would refuse notes that are too long after an hour's rollout, and keep a fingerprint that
 * no plan will ever name.
 *
 * @throws {CommandError} `usage`
 */
export function checkDetails({
  notes,
  inputsId,
}: Pick<DeploymentOptions, "notes" | "inputsId">): void {
  const bytes = Buffer.byteLength(notes ?? "");
  if (bytes > MAX_NOTES_BYTES) {
    throw new CommandError(
      "usage",
      `Cannot record: expected notes of at most ${MAX_NOTES_BYTES} bytes, got ${bytes}`,
    );
  }
  if (inputsId !== undefined && !/^[^\s\p{Cc}]{1,128}$/u.test(inputsId)) {
    throw new CommandError(
      "usage",
      `Cannot record: expected an inputs id of 1 to 128 characters without white space, got "${inputsId.slice(0, 140)}"`,
    );
  }
}
