import { ledgerError } from "../../model/ledger-error.js";
import { webhookSecretsSetting } from "../../model/settings.js";

const MIN_LENGTH = 16;

/**
 * Gives the live secrets of a subsystem's webhook: those of TIDELINE_WEBHOOK_SECRETS, where each
 * entry is `subsystem=secret`. Several of one subsystem are all good, so that one can be replaced
 * without a gap.
 *
 * @throws {ConvexError} FLEET_NOT_CONFIGURED without the setting; INVALID_SETTING, which never
 *   quotes it.
 */
export function webhookSecrets(subsystem: string): string[] {
  const setting = webhookSecretsSetting();
  if (setting === undefined) {
    throw ledgerError(
      "FLEET_NOT_CONFIGURED",
      "Cannot take webhooks: TIDELINE_WEBHOOK_SECRETS is not set on the Convex deployment; " +
        "set it to subsystem=secret, the secret being the webhook's own",
    );
  }
  return setting
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .flatMap((entry, index) => {
      const [, name, secret = ""] = /^([^=]+)=(.+)$/.exec(entry) ?? [];
      if (secret.length >= MIN_LENGTH) return name === subsystem ? [secret] : [];
      throw ledgerError(
        "INVALID_SETTING",
        `Cannot read TIDELINE_WEBHOOK_SECRETS: expected subsystem=secret with at least ${MIN_LENGTH} characters, ` +
          `got something else in entry ${index + 1}`,
      );
    });
}
