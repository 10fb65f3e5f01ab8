import { isTargetName } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { Env, Terminal } from "../terminal.js";
import type { TidelineConfig } from "./config.js";
import { loadConfig } from "./load-config.js";
import { type ServiceIn, serviceIn, withLedgerOf } from "./service-in.js";

/** The target that a command is about, with or without a configuration. */
export interface NamedTarget {
  /** The service's name, or the app's where there is no configuration. */
  readonly name: string;
  readonly appName: string;
  readonly environment: string;
  /** The variables, with the addresses of the environment's ledger where none says another. */
  readonly env: Env;
  readonly configured: (ServiceIn & { readonly config: TidelineConfig }) | null;
}

/**
 * Finds the target of `<service>` and `--environment` (or `TIDELINE_ENVIRONMENT`).
 *
 * @param doing What cannot be done without it, for example `"roll back"`.
 * @throws {CommandError} `usage`, if no environment is named, or the configuration knows none of
 *   these names.
 */
export async function targetOf(
  given: GivenOptions,
  { cwd, env }: Terminal,
  doing: string,
): Promise<NamedTarget> {
  const name = given.text("service") ?? "";
  const environment = given.text("environment") ?? env.TIDELINE_ENVIRONMENT?.trim() ?? "";
  if (environment === "") {
    throw new CommandError(
      "usage",
      `Cannot ${doing} ${name}: no environment is named, use --environment or set TIDELINE_ENVIRONMENT`,
    );
  }
  const config = await loadConfig(cwd);
  if (config !== null) {
    const found = serviceIn(config, name, environment, doing);
    const { appName } = found.service;
    const configured = { ...found, config };
    return { name, appName, environment, env: withLedgerOf(found.environment, env), configured };
  }
  for (const [what, text] of Object.entries({ app: name, environment })) {
    if (isTargetName(text)) continue;
    throw new CommandError(
      "usage",
      `Cannot ${doing} ${name}: expected an ${what} of 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit, got "${text.slice(0, 80)}"`,
    );
  }
  return { name, appName: name, environment, env, configured: null };
}
