import type { TidelineConfig } from "../config/config.js";
import { readServiceInputs } from "../plan/service-inputs.js";
import type { Env } from "../terminal.js";

/**
 * Gives the fingerprint of what a service is made from here and now, as `tideline plan` has it.
 *
 * @throws {CommandError} `failed`, if there is a repository and git cannot read it.
 */
export async function inputsOf(config: TidelineConfig, name: string, env: Env): Promise<string> {
  const id = (await readServiceInputs(config, env)).ids.get(name);
  if (id === undefined) throw new RangeError(`Cannot fingerprint "${name}": no such service`);
  return id;
}
