import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";
import type { EnvironmentConfig, ServiceConfig, TidelineConfig } from "./config.js";

/** One service and the environment it is deployed to. */
export interface ServiceIn {
  readonly service: ServiceConfig;
  /** Null where the file speaks of no environment at all. */
  readonly environment: EnvironmentConfig | null;
  /** The public address that says which build is served, or null. */
  readonly probe: string | null;
}

/**
 * Finds a service by its name, and an environment if one is named.
 *
 * @param doing What cannot be done without it, for example `"record"`.
 * @throws {CommandError} `usage`, with the names that there are.
 */
export function serviceIn(
  config: TidelineConfig,
  name: string,
  environmentName: string | null,
  doing: string,
): ServiceIn {
  const service = config.services.get(name);
  if (service === undefined) throw unknown(doing, "service", config.services, name);
  const environment =
    environmentName === null ? null : (config.environments.get(environmentName) ?? null);
  if (environmentName !== null && environment === null && config.environments.size > 0) {
    throw unknown(doing, "environment", config.environments, environmentName);
  }
  return { service, environment, probe: environment?.probes.get(name) ?? null };
}

/** Gives the variables with the addresses of the environment's ledger where none says another. */
export function withLedgerOf(environment: EnvironmentConfig | null, env: Env): Env {
  const functions = env.CONVEX_URL?.trim() || env.CONVEX_SELF_HOSTED_URL?.trim();
  return {
    ...env,
    CONVEX_URL: functions || (environment?.convexUrl ?? undefined),
    CONVEX_SITE_URL: env.CONVEX_SITE_URL?.trim() || (environment?.convexSiteUrl ?? undefined),
  };
}

function unknown(
  doing: string,
  what: string,
  known: ReadonlyMap<string, unknown>,
  got: string,
): CommandError {
  const names = [...known.keys()].join(", ");
  return new CommandError(
    "usage",
    `Cannot ${doing}: expected one of the ${what}s of tideline.config.json (${names}), got "${got}"`,
  );
}
