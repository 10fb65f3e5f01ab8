import { CommandError } from "../command-error.js";
import type { ServiceConfig, TidelineConfig } from "../config/config.js";
import { imageName } from "./describe-image.js";

/**
 * Gives a service of the configuration.
 *
 * @throws {CommandError} `usage`, if there is none of that name.
 */
export function requireService({ services }: TidelineConfig, name: string): ServiceConfig {
  const service = services.get(name);
  if (service !== undefined) return service;
  throw new CommandError(
    "usage",
    `Cannot name the image of "${name}": expected one of ${quoted(services.keys())}, got "${name}"`,
  );
}

/**
 * Gives the name of a service's image without a tag.
 *
 * @throws {CommandError} `usage`, if it has none.
 */
export function requireImage(config: TidelineConfig, service: ServiceConfig): string {
  const name = imageName(config, service);
  if (name !== null) return name;
  const missing = service.image === null ? `services.${service.name}.image` : "registry";
  throw new CommandError(
    "usage",
    `Cannot name the image of "${service.name}": expected "${missing}" in ${config.path}, got none`,
  );
}

/**
 * Gives the environment that was named; null if none was.
 *
 * @throws {CommandError} `usage`, if the configuration has no such environment.
 */
export function readEnvironment(
  { environments }: TidelineConfig,
  name: string | undefined,
): string | null {
  if (name === undefined || environments.has(name)) return name ?? null;
  throw new CommandError(
    "usage",
    `Cannot use --environment: expected one of ${quoted(environments.keys())}, got "${name}"`,
  );
}

function quoted(names: Iterable<string>): string {
  const list = [...names].map((name) => `"${name}"`);
  return list.length === 0 ? "the configuration's, which names none" : list.join(", ");
}
