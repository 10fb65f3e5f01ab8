import { readFile } from "node:fs/promises";
import type { SyncConfig } from "../config/sync-config.js";
import { SELF_SERVICE } from "../guard/guard-paths.js";
import { SelfSupervisor } from "../guard/self-supervisor.js";
import { withSelf } from "../guard/with-self.js";
import { ProcessComposeSupervisor } from "./process-compose.js";
import type { Supervisor } from "./supervisor.js";
import { parseSupervisorAddress } from "./supervisor-address.js";
import { SystemdSupervisor } from "./systemd.js";

/**
 * Gives the supervisor that a configuration names, and for the service `self` the guard of
 * `tideline-sync`. Nothing is asked of it yet.
 *
 * process-compose's token comes from `PC_API_TOKEN`, else from the file of `PC_API_TOKEN_PATH`, as
 * in its own client.
 *
 * @param ending Aborts when this process is told to end, if it is one that a guard may have started.
 */
export function openSupervisor(
  { supervisor, subsystems = {} }: Pick<SyncConfig, "supervisor"> & Partial<SyncConfig>,
  env: Readonly<Record<string, string | undefined>> = process.env,
  ending: AbortSignal | null = null,
): Supervisor {
  const others = openOthers(supervisor, env);
  const itself = Object.values(subsystems).find(({ service }) => service === SELF_SERVICE);
  if (itself === undefined) return others;
  return withSelf(others, new SelfSupervisor(itself.binary, ending));
}

function openOthers(
  supervisor: SyncConfig["supervisor"],
  env: Readonly<Record<string, string | undefined>>,
): Supervisor {
  switch (supervisor.kind) {
    case "process-compose": {
      const address = parseSupervisorAddress(supervisor.address);
      return new ProcessComposeSupervisor({
        ...{ kind: "process-compose", address },
        token: () => readToken(env),
      });
    }
    case "built-in": {
      const address = parseSupervisorAddress(`unix:${supervisor.socket}`);
      // Who may open the socket may use it: its mode is 0600.
      return new ProcessComposeSupervisor({
        ...{ kind: "built-in", address },
        token: async () => null,
      });
    }
    case "systemd":
      return new SystemdSupervisor({ scope: supervisor.scope, env });
    default:
      supervisor satisfies never;
      throw new TypeError("Cannot open the supervisor: expected one of the kinds");
  }
}

/** process-compose's token, or null if it has none. */
export async function readToken(
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  if (env.PC_API_TOKEN) return env.PC_API_TOKEN;
  if (!env.PC_API_TOKEN_PATH) return null;
  // One that cannot be read is as none: process-compose then says 401, and that names the variable.
  const text = await readFile(env.PC_API_TOKEN_PATH, "utf8").catch(() => "");
  return text.trim() || null;
}
