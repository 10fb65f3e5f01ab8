import { existsSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { makeFolder } from "../make-folder.js";
import { claimSocket } from "../supervise/built-in/claim-socket.js";
import { serveRoutes } from "../supervise/built-in/serve-routes.js";
import { SYNC_VERSION } from "../sync-version.js";
import { guardPaths } from "./guard-paths.js";
import { GuardedService } from "./guarded-service.js";
import { keepCopy } from "./keep-copy.js";

/** What the guard is run with. */
export interface GuardOptions {
  /** Absolute path of the live `tideline-sync`. */
  readonly active: string;
  /** The command line of the service: `["watch"]`. */
  readonly args: readonly string[];
  readonly cwd: string;
  /** @default 30_000 */
  readonly aliveWithinMs?: number;
  /** ms since epoch. */
  readonly now: () => number;
  /** A line of the service. */
  readonly onLine: (line: string) => void;
  /** A sentence of the guard's own. */
  readonly say: (message: string) => void;
  /** Ends the service in order, then the guard. */
  readonly signal: AbortSignal;
}

// An update under way is ended in order within moments; a build is what may take longer.
const SHUTDOWN_TIMEOUT_MS = 30_000;

/**
 * Runs the service until `signal` aborts, and outlives it for as long: across its updates, and across
 * those that do not start.
 *
 * It reads no configuration, so that none can keep it from its work.
 *
 * @throws {FailedError} If another guard has the same file.
 */
export async function runGuard(options: GuardOptions): Promise<void> {
  const { active, args, cwd, now, onLine, say, signal } = options;
  const paths = guardPaths(active);
  await makeFolder(paths.folder, 0o700);
  await chmod(paths.folder, 0o700);
  const service = new GuardedService({
    ...{ paths, args, cwd, now, onLine, say },
    aliveWithinMs: options.aliveWithinMs ?? ALIVE_WITHIN_MS,
    shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS,
    backOff: { firstMs: 500, lastMs: 30_000 },
    onChange: () => routes.publish(service),
  });
  const routes = serveRoutes({
    services: new Map([[service.name, service]]),
    version: SYNC_VERSION,
    onStop: () => stop(),
  });
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  await claimSocket(routes.server, paths.socket, "guard");
  try {
    await keepFirstCopy(active, say);
    await service.begin();
    await stopped;
  } finally {
    signal.removeEventListener("abort", stop);
    await service.stop();
    routes.close();
  }
}

const ALIVE_WITHIN_MS = 30_000;

/** A machine that was not set up by `install`: what it runs now is the best that there is. */
async function keepFirstCopy(active: string, say: (message: string) => void): Promise<void> {
  if (existsSync(guardPaths(active).kept)) return;
  try {
    await keepCopy(active);
  } catch (error) {
    say(`No copy is kept: ${error instanceof Error ? error.message : String(error)}`);
  }
}
