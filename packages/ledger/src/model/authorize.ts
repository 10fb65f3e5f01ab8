import type { TargetName } from "../data-model.js";
import { equalSecrets } from "./equal-secrets.js";
import { ledgerError } from "./ledger-error.js";
import { recordTokenSetting } from "./settings.js";

// Sixteen random characters cannot be guessed over a network; a word can.
const MIN_TOKEN_LENGTH = 16;

interface TokenEntry {
  /** "web/production", or null for every target. */
  readonly target: string | null;
  readonly secret: string;
}

/**
 * Says who records: which entry of TIDELINE_RECORD_TOKEN the token equals.
 *
 * The variable holds entries separated by commas or white space, each a token for every target or
 * `app/environment=token` for one. Several entries for a target are all good, so that a token can
 * be replaced without a gap.
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
  let recordedBy: string | null = null;
  // Every entry is compared, also after a match, so that the time says nothing about their order.
  for (const entry of entries) {
    const isEqual = equalSecrets(token, entry.secret);
    const isForTarget = entry.target === null || entry.target === targetName;
    if (isEqual && isForTarget) recordedBy = entry.target ? `token:${entry.target}` : "token";
  }
  if (recordedBy === null) {
    throw ledgerError(
      "UNAUTHENTICATED",
      `Cannot change "${targetName}": the record token is not one of those in TIDELINE_RECORD_TOKEN`,
    );
  }
  return recordedBy;
}

/** Says whether the token is good for the target; never throws over the token itself. */
export function isAuthorized(token: string | undefined, target: TargetName): boolean {
  if (token === undefined || recordTokenSetting() === undefined) return false;
  const targetName = `${target.appName}/${target.environment}`;
  return tokenEntries().some(
    (entry) =>
      (entry.target === null || entry.target === targetName) && equalSecrets(token, entry.secret),
  );
}

function tokenEntries(): TokenEntry[] {
  const setting = recordTokenSetting();
  if (setting === undefined) {
    throw ledgerError(
      "RECORDING_NOT_CONFIGURED",
      "Cannot record deployments: TIDELINE_RECORD_TOKEN is not set on the Convex deployment; " +
        "set it to a random text of at least 16 characters (npx convex env set TIDELINE_RECORD_TOKEN …)",
    );
  }
  return setting
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .map(parseEntry);
}

function parseEntry(entry: string, index: number): TokenEntry {
  // A token may itself hold "=" (base64 padding), so only a name in front of it makes a target.
  const match = /^([A-Za-z0-9._-]+\/[A-Za-z0-9._-]+)=([^=].*)$/.exec(entry);
  const secret = match?.[2] ?? entry;
  if (secret.length < MIN_TOKEN_LENGTH) {
    throw ledgerError(
      "INVALID_SETTING",
      `Cannot read TIDELINE_RECORD_TOKEN: expected tokens of at least ${MIN_TOKEN_LENGTH} characters, ` +
        `got ${secret.length} in entry ${index + 1}`,
    );
  }
  return { target: match?.[1] ?? null, secret };
}
