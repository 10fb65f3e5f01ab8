import { isTargetName } from "@tideline/version";

/** What a gateway may be asked about: an application in an environment. */
export interface Target {
  readonly appName: string;
  readonly environment: string;
}

/**
 * Reads a target as the command line has it.
 *
 * @param text For example `"web/production"`.
 * @throws {SyntaxError} If it is not two names with a slash between them.
 */
export function parseTarget(text: string): Target {
  const [appName = "", environment = "", ...rest] = text.split("/");
  if (isTargetName(appName) && isTargetName(environment) && rest.length === 0) {
    return { appName, environment };
  }
  throw new SyntaxError(`Cannot read target: expected "app/environment", got "${text}"`);
}

/** The name of a target in tables and log lines; unlike its parts, never ambiguous. */
export function targetKey({ appName, environment }: Target): string {
  return `${appName}/${environment}`;
}
