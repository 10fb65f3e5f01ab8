import type { ServiceState, Supervisor } from "../supervise/supervisor.js";
import { SELF_SERVICE } from "./guard-paths.js";

/** Gives a supervisor that sends what is about the service `self` to one, and all else to the other. */
export function withSelf(others: Supervisor, self: Supervisor): Supervisor {
  const of = (service: string) => (service === SELF_SERVICE ? self : others);
  return {
    kind: others.kind,
    inspect: (service, signal): Promise<ServiceState> => of(service).inspect(service, signal),
    restart: (service, signal) => of(service).restart(service, signal),
    start: (service, signal) => of(service).start(service, signal),
    stop: async (service, signal) => of(service).stop?.(service, signal),
    watch: (service, onState, signal) => of(service).watch(service, onState, signal),
    logs: (service, lines, signal) => of(service).logs(service, lines, signal),
    isCurrent: async (service, signal) => (await of(service).isCurrent?.(service, signal)) ?? false,
    settle: async (service) => of(service).settle?.(service),
  };
}
