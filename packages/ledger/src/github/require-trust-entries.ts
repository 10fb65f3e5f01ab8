import { ledgerError } from "../model/ledger-error.js";
import { githubTrustSetting } from "../model/settings.js";
import type { TrustEntry } from "./trust-entries.js";
import { parseTrustEntries } from "./trust-entries.js";

/**
 * Gives the entries of TIDELINE_GITHUB_TRUST.
 *
 * @throws {ConvexError} RECORDING_NOT_CONFIGURED without the variable, INVALID_SETTING.
 */
export function requireTrustEntries(): readonly TrustEntry[] {
  const setting = githubTrustSetting();
  if (setting !== undefined) return parseTrustEntries(setting);
  throw ledgerError(
    "RECORDING_NOT_CONFIGURED",
    "Cannot record for a GitHub Actions run: TIDELINE_GITHUB_TRUST is not set on the Convex deployment; " +
      "set it to the repositories that may record (npx convex env set TIDELINE_GITHUB_TRUST …)",
  );
}
