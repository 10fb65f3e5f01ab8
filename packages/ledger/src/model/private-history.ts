import type { TargetName } from "../data-model.js";
import { isAuthorized } from "./authorize.js";
import { ledgerError } from "./ledger-error.js";
import { isHistoryPrivate } from "./settings.js";

/** Says whether a caller with this token may see the target's history. */
export function mayReadHistory(token: string | undefined, target: TargetName): boolean {
  return !isHistoryPrivate() || isAuthorized(token, target);
}

/**
 * Lets through who may see the target's history.
 *
 * @throws {ConvexError} PRIVATE_HISTORY
 */
export function checkMayReadHistory(token: string | undefined, target: TargetName): void {
  if (mayReadHistory(token, target)) return;
  throw ledgerError(
    "PRIVATE_HISTORY",
    `Cannot list the deployments of "${target.appName}/${target.environment}": the history is private (TIDELINE_PRIVATE_HISTORY); pass the record token as "token"`,
  );
}
