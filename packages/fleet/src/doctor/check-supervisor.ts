/** Whether services can be restarted, and updates of them be judged. */
import { SELF_SERVICE } from "../guard/guard-paths.js";
import { lintProcessCompose } from "../supervise/lint.js";
import { openSupervisor, readToken } from "../supervise/open-supervisor.js";
import { ProcessComposeSupervisor } from "../supervise/process-compose.js";
import { type ProcessFacts, readInfoProcess } from "../supervise/process-facts.js";
import { SupervisorError } from "../supervise/supervisor.js";
import { parseSupervisorAddress } from "../supervise/supervisor-address.js";
import {
  type Check,
  type DoctorWorld,
  failed,
  ok,
  type Said,
  skipped,
  warning,
} from "./finding.js";

const NOTHING_RUNS = skipped("No subsystem has a service but tideline-sync itself");

export const SUPERVISOR_CHECKS: readonly Check[] = [
  {
    name: "supervisor",
    run: async (world) => {
      const { kind } = world.config.supervisor;
      const [first] = managed(world);
      if (first === undefined) return NOTHING_RUNS;
      try {
        await openSupervisor(world.config, world.env).inspect(first.service, world.signal);
        return ok(`${kind} answers`);
      } catch (error) {
        if (!(error instanceof SupervisorError)) throw error;
        if (error.kind === "unknown-service") return ok(`${kind} answers`);
        return failed(error.message, fixOf(error, kind));
      }
    },
  },
  {
    name: "services",
    run: async (world) => {
      const subsystems = managed(world);
      if (subsystems.length === 0) return NOTHING_RUNS;
      const supervisor = openSupervisor(world.config, world.env);
      const said: Said[] = [];
      for (const { name, service } of subsystems) {
        try {
          const { isRunning, isReady } = await supervisor.inspect(service, world.signal);
          if (!isRunning) said.push(warning(`"${service}" does not run`, `Start "${service}"`));
          else if (isReady === false) {
            said.push(warning(`"${service}" runs and is not ready`, `Look at its log`));
          }
        } catch (error) {
          if (!(error instanceof SupervisorError)) throw error;
          if (error.kind !== "unknown-service") return skipped("The supervisor does not answer");
          said.push(failed(error.message, `Correct "service" of "${name}" in sync.config.yaml`));
        }
      }
      return said.length > 0 ? said : ok(`Every service is known and runs: ${subsystems.length}`);
    },
  },
  {
    name: "supervisor-lint",
    run: async (world) => {
      const { config, env, signal } = world;
      if (config.supervisor.kind !== "process-compose") {
        return skipped("Only a configuration of process-compose is looked over");
      }
      const { address } = config.supervisor;
      const subsystems = managed(world);
      if (subsystems.length === 0) return NOTHING_RUNS;
      const token = await readToken(env);
      const compose = new ProcessComposeSupervisor({
        ...{ kind: "process-compose", address: parseSupervisorAddress(address) },
        token: async () => token,
      });
      const processes: Record<string, ProcessFacts | null> = {};
      let version: string | null = null;
      try {
        version = await compose.version(signal);
        for (const service of await compose.services(signal)) {
          processes[service] = readInfoProcess(
            await compose.processInfo(service, signal),
            config.folder,
          );
        }
      } catch (error) {
        if (!(error instanceof SupervisorError)) throw error;
        return skipped("process-compose does not answer");
      }
      const findings = lintProcessCompose({
        ...{ address, version, token, processes, managed: subsystems },
        // Who listens there is said by a check of its own.
        ...{ webhook: config.webhook, webhookListener: null },
      });
      if (findings.length === 0)
        return ok("Nothing in process-compose's configuration breaks updates");
      return findings.map(({ level, message, fix }) =>
        level === "error" ? failed(message, fix) : warning(message, fix),
      );
    },
  },
];

interface Managed {
  readonly name: string;
  readonly service: string;
  readonly binary: string;
  readonly soakMs: number;
}

function managed({ config: { subsystems } }: DoctorWorld): Managed[] {
  return Object.values(subsystems).flatMap(({ name, service, binary, health }) =>
    service === null || service === SELF_SERVICE
      ? []
      : [{ name, service, binary, soakMs: health.soakMs }],
  );
}

function fixOf(error: SupervisorError, kind: string): string {
  if (error.kind === "unauthorized") return "Set PC_API_TOKEN to process-compose's own token";
  if (kind === "built-in") return "Start it: `tideline-sync supervise`";
  return `Start ${kind}, or correct "supervisor" in sync.config.yaml`;
}
