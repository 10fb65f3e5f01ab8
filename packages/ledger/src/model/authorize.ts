import type { TargetName } from "../data-model.js";
import { ledgerError } from "./ledger-error.js";
import { recordTokenSetting } from "./settings.js";
import type { TokenEntry } from "./token-entries.js";
import { findEntry, parseTokenEntries } from "./token-entries.js";

/**
 * Says who records: which entry of TIDELINE_RECORD_TOKEN the token equals (see
 * {@link parseTokenEntries} for how it is written).
 *
 * @returns What is stored in `recordedBy`: `"token"` or `"token:web/production"`.
 * @throws {ConvexError} RECORDING_NOT_CONFIGURED without the variable, UNAUTHENTICATED without an
 *   entry for the target that equals the token, INVALID_SETTING if an entry is too short.
 */
export function authorize(token: string | undefined, target: TargetName): string {
  const targetName = `${target.appName}/${target.environment}`;
  const entries = tokenEntries();
  if (token === undefined || token === "") {
    throw ledgerError(
      "UNAUTHENTICATED",
      `Cannot change "${targetName}": expected the record token, got none`,
    );
  }
  const entry = findEntry(entries, token, (name) => name === targetName);
  if (entry !== null) return entry.target === null ? "token" : `token:${entry.target}`;
  throw ledgerError(
    "UNAUTHENTICATED",
    `Cannot change "${targetName}": the record token is not one of those in TIDELINE_RECORD_TOKEN`,
  );
}

/** Says whether the token is good for the target; never throws over the token itself. */
export function isAuthorized(token: string | undefined, target: TargetName): boolean {
  if (token === undefined || recordTokenSetting() === undefined) return false;
  const targetName = `${target.appName}/${target.environment}`;
  return findEntry(tokenEntries(), token, (name) => name === targetName) !== null;
}

function tokenEntries(): TokenEntry[] {
  const setting = recordTokenSetting();
  if (setting !== undefined) return parseTokenEntries("TIDELINE_RECORD_TOKEN", setting);
  throw ledgerError(
    "RECORDING_NOT_CONFIGURED",
    "Cannot record deployments: TIDELINE_RECORD_TOKEN is not set on the Convex deployment; " +
      "set it to a random text of at least 16 characters (npx convex env set TIDELINE_RECORD_TOKEN …)",
  );
}
