import type { Env } from "../commands/terminal.js";
import { secretName } from "../config/secret-name.js";
import { UsageError } from "../usage-error.js";

// GitHub's own generator gives 40 characters; a short word can be guessed offline from one delivery.
const MIN_CHARACTERS = 16;

/** The live secrets of each subsystem that has any. */
export type WebhookSecrets = ReadonlyMap<string, readonly string[]>;

/**
 * Reads the webhook secrets of every subsystem: `WEBHOOK_SECRET_<NAME>`, or `WEBHOOK_SECRET` where
 * that is not set. Each may hold two, with a comma between, so that one is taken while the other is
 * being replaced.
 *
 * @param common Used instead of `WEBHOOK_SECRET`.
 * @throws {UsageError} For an empty one, one of less than 16 characters, or more than two.
 */
export function readWebhookSecrets(
  env: Env,
  subsystems: readonly string[],
  common: string | undefined = env.WEBHOOK_SECRET,
): WebhookSecrets {
  const found = new Map<string, readonly string[]>();
  for (const subsystem of subsystems) {
    const variable = secretName(subsystem);
    const own = env[variable];
    const secrets = own === undefined ? split(common, "WEBHOOK_SECRET") : split(own, variable);
    if (secrets.length > 0) found.set(subsystem, secrets);
  }
  return found;
}

function split(value: string | undefined, variable: string): readonly string[] {
  if (value === undefined) return [];
  const secrets = value.split(",").map((secret) => secret.trim());
  // What is wrong is said without what it is.
  const shortest = Math.min(...secrets.map(({ length }) => length));
  if (shortest < MIN_CHARACTERS) {
    throw new UsageError(
      `Cannot use ${variable}: expected secrets of at least ${MIN_CHARACTERS} characters, got one of ${shortest}`,
    );
  }
  if (secrets.length > 2) {
    throw new UsageError(
      `Cannot use ${variable}: expected at most two secrets with a comma between, got ${secrets.length}`,
    );
  }
  return secrets;
}
