import { childSignal } from "../engine/child-signal.js";
import { ProcessComposeSupervisor } from "../supervise/process-compose.js";
import { type ServiceState, type Supervisor, SupervisorError } from "../supervise/supervisor.js";
import { guardPaths, SELF_SERVICE } from "./guard-paths.js";
import { keepCopy } from "./keep-copy.js";

/**
 * The supervisor of `tideline-sync` itself: its guard. The engine drives it as any other, from the
 * guarded process as well as from a command beside it.
 *
 * "Restart" means here that what lies at the active path is what runs. So the new process, which
 * takes the journal up where the old one was ended, finds that done, and goes on with the gate.
 */
export class SelfSupervisor implements Supervisor {
  readonly kind = "guard";
  readonly #active: string;
  readonly #guard: ProcessComposeSupervisor;
  readonly #ending: AbortSignal | null;

  /**
   * @param active Absolute path of the live `tideline-sync`.
   * @param ending Aborts when this very process is told to end, as the guard tells it for a restart;
   *   null for a process that outlives it.
   */
  constructor(active: string, ending: AbortSignal | null = null) {
    const { socket } = guardPaths(active);
    this.#active = active;
    this.#ending = ending;
    this.#guard = new ProcessComposeSupervisor({
      kind: "guard",
      address: { kind: "socket", path: socket, text: `unix:${socket}` },
      // Who may open the socket may use it: its folder's mode is 0700.
      token: async () => null,
    });
  }

  async inspect(_service: string, signal: AbortSignal): Promise<ServiceState> {
    try {
      return await this.#guard.inspect(SELF_SERVICE, signal);
    } catch (error) {
      throw withAdvice(error);
    }
  }

  async restart(service: string, signal: AbortSignal): Promise<void> {
    if (await this.isCurrent(service, signal)) return;
    const asking = childSignal(signal);
    // Not before whoever else hears of the end has done so: then it is the end of the service that
    // interrupts an attempt, and not a failure of this.
    const end = () => setImmediate(() => asking.end());
    this.#ending?.addEventListener("abort", end, { once: true });
    if (this.#ending?.aborted) end();
    try {
      await this.#guard.restart(SELF_SERVICE, asking.signal);
    } finally {
      this.#ending?.removeEventListener("abort", end);
      asking.end();
    }
  }

  /** The same: the guard starts what does not run, and says at once of which file it will not. */
  async start(service: string, signal: AbortSignal): Promise<void> {
    await this.restart(service, signal);
  }

  async watch(
    _service: string,
    onState: (state: ServiceState) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#guard.watch(SELF_SERVICE, onState, signal);
  }

  async logs(_service: string, lines: number, signal: AbortSignal): Promise<readonly string[]> {
    return await this.#guard.logs(SELF_SERVICE, lines, signal);
  }

  /** For the guard, the service is what lies at the active path: nothing else counts as running. */
  async isCurrent(service: string, signal: AbortSignal): Promise<boolean> {
    return (await this.inspect(service, signal)).isRunning;
  }

  async settle(): Promise<void> {
    await keepCopy(this.#active);
  }
}

function withAdvice(error: unknown): unknown {
  if (!(error instanceof SupervisorError) || error.kind !== "unreachable") return error;
  const message = `${error.message}; run it as \`tideline-sync guard -- watch\``;
  return new SupervisorError("unreachable", message, { cause: error });
}
