import type { Database } from "../contract.js";

export interface FunctionEnvironmentOptions {
  readonly database: Database;
  /** Laid under the database's variables. */
  readonly env: { readonly [name: string]: string };
  readonly cloudUrl: () => string;
  readonly siteUrl: () => string;
}

/**
 * What functions see as `process.env`: the deployment's variables of this moment, and none of the
 * server's own process.
 */
export function functionEnvironment(options: FunctionEnvironmentOptions): {
  readonly env: { readonly [name: string]: string };
  /** Stops following the database. */
  readonly close: () => void;
} {
  const { database } = options;
  const env: { [name: string]: string } = {};
  const fill = (): void => {
    for (const name of Object.keys(env)) delete env[name];
    Object.assign(env, options.env, Object.fromEntries(database.environmentVariables()));
    // Ports are known only after the functions are loaded.
    for (const [name, get] of [
      ["CONVEX_CLOUD_URL", options.cloudUrl],
      ["CONVEX_SITE_URL", options.siteUrl],
    ] as const) {
      Object.defineProperty(env, name, { get, enumerable: true, configurable: true });
    }
  };
  fill();
  return { env, close: database.onEnvironmentChange(fill) };
}
