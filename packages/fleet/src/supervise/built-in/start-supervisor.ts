/** The built-in supervisor: for a machine that has neither process-compose nor systemd. */
import type { BuiltInService } from "../../config/sync-config.js";
import { claimSocket } from "./claim-socket.js";
import { Leftovers } from "./leftovers.js";
import { ManagedService, type ServiceHost } from "./managed-service.js";
import { PROBE_PACE, type ProbePace } from "./readiness.js";
import { serveRoutes } from "./serve-routes.js";

/** What it runs, and where it is spoken to. */
export interface SupervisorOptions {
  /** The unix socket; absolute. Beside it lies `<socket>.services.json`. */
  readonly socket: string;
  readonly services: Readonly<Record<string, BuiltInService>>;
  readonly version?: string;
  /** @default PROBE_PACE */
  readonly pace?: ProbePace;
  /** @default 500 ms to 30 s */
  readonly backOff?: ServiceHost["backOff"];
  /** A line of a service, or of the supervisor itself (`service` is null). */
  readonly log?: (service: string | null, line: string) => void;
}

/** A supervisor that listens. */
export interface RunningSupervisor {
  /** For `supervisor.address` and {@link openSupervisor}. */
  readonly address: string;
  /** Ends every service in order, then itself. */
  readonly close: () => Promise<void>;
  /** Kills every service, so that a `close` under way ends now. */
  readonly kill: () => void;
  /** Resolves when it has ended, by `close` or by `POST /project/stop`. */
  readonly closed: Promise<void>;
}

/**
 * Runs services in groups of their own: starts them again when they end by themselves, asks whether
 * they are ready, keeps their newest lines, and speaks process-compose's routes on a unix socket.
 *
 * When it is killed its services live on until they write; the next one on the same socket ends
 * them before it starts its own.
 *
 * @throws {FailedError} If another one listens on the socket; then nothing was started.
 */
export async function startSupervisor(options: SupervisorOptions): Promise<RunningSupervisor> {
  const { socket, version = "0.0.0", pace = PROBE_PACE, log = () => {} } = options;
  const backOff = options.backOff ?? { firstMs: 500, lastMs: 30_000 };
  const services = new Map<string, ManagedService>();
  const leftovers = new Leftovers(`${socket}.services.json`);
  let closing: Promise<void> | null = null;
  let ended = () => {};
  const closed = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const close = () => {
    closing ??= (async () => {
      await Promise.all([...services.values()].map((service) => service.stop()));
      // Its socket is gone before it says so: its successor may start at once.
      routes.close();
      await leftovers.remove();
      ended();
    })();
    return closing;
  };
  const routes = serveRoutes({ services, version, onStop: () => void close() });
  const host: ServiceHost = {
    ...{ pace, backOff },
    onLine: (service, line) => log(service.name, line),
    onChange: (service) => {
      const { status, is_ready, pid } = service.state();
      log(null, `${service.name}: ${status}, ${is_ready}, pid ${pid}`);
      routes.publish(service);
      leftovers.note([...services.values()]).catch((error: Error) => log(null, error.message));
    },
  };
  // The socket is claimed first: whoever has it is the only one that touches the services.
  await claimSocket(routes.server, socket, "supervisor");
  const timeouts = Object.values(options.services).map((service) => service.shutdownTimeoutMs);
  for (const pid of await leftovers.end(Math.max(1_000, ...timeouts))) {
    log(null, `ended process ${pid}, which a supervisor before this one had left running`);
  }
  for (const [name, service] of Object.entries(options.services)) {
    services.set(name, new ManagedService(name, service, host));
  }
  for (const service of services.values()) {
    // What cannot be run has said so in its log, and is tried again.
    service.start().catch(() => {});
  }
  const kill = () => {
    for (const service of services.values()) service.kill();
  };
  return { address: `unix:${socket}`, close, kill, closed };
}
