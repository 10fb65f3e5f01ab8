/** What runs a machine's services, as the engine sees it: one service at a time, by name. */

/** One service as its supervisor sees it now. */
export interface ServiceState {
  /** Null while it does not run. */
  readonly pid: number | null;
  readonly isRunning: boolean;
  /** What the supervisor's own readiness probe says; null where it has none, and false until it says. */
  readonly isReady: boolean | null;
  /**
   * How often the supervisor has restarted it by itself. Compare it with what it was after
   * {@link Supervisor.restart}: systemd counts from 0 again then, the others do not.
   */
  readonly restarts: number;
  /** Of its last end; null while it has not ended yet. */
  readonly exitCode: number | null;
}

/** Drives the services of one machine. Every call may throw a {@link SupervisorError}. */
export interface Supervisor {
  readonly kind: "process-compose" | "systemd" | "built-in" | "guard";
  /** @throws {SupervisorError} `unknown-service` if it has none of that name. */
  inspect(service: string, signal: AbortSignal): Promise<ServiceState>;
  /** Ends it and starts it again, and nothing else; resolves before it is ready. */
  restart(service: string, signal: AbortSignal): Promise<void>;
  /** Starts it if it does not run. */
  start(service: string, signal: AbortSignal): Promise<void>;
  /**
   * Ends it, and does not start it again by itself; one that does not run is left so. The guard of
   * `tideline-sync` has none: whoever asks is what would end.
   */
  stop?(service: string, signal: AbortSignal): Promise<void>;
  /**
   * Tells every change until `signal` aborts, the present state first. Survives a connection that
   * is cut, by looking again; never throws over that. Right after a restart the old pid may still
   * be told for a moment.
   *
   * @throws {SupervisorError} `unknown-service` when it has none of that name (any more), and
   *   whatever the very first look came to.
   */
  watch(
    service: string,
    onState: (state: ServiceState) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Its newest lines of output, oldest first. */
  logs(service: string, lines: number, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Says whether what runs is the binary as it lies there now, so that a restart leaves it alone. Only
   * the guard of `tideline-sync` can tell: the process that asks may be the restarted one.
   */
  isCurrent?(service: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Takes note that the service's binary, as it lies there now, was watched and found well. Only
   * the guard of `tideline-sync` has a use for it; may be repeated.
   */
  settle?(service: string): Promise<void>;
}

/** Why the supervisor did not do what it was asked. */
export class SupervisorError extends Error {
  override readonly name = "SupervisorError";
  readonly kind: "unreachable" | "unauthorized" | "unknown-service" | "failed";
  constructor(
    kind: SupervisorError["kind"],
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.kind = kind;
  }
}
