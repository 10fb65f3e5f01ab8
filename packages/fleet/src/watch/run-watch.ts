/** Puts the service together from its parts, and runs it until it is told to end. */
import type { Env } from "../commands/terminal.js";
import type { SyncConfig } from "../config/sync-config.js";
import { type EngineDeps, subsystemOf } from "../engine/engine-deps.js";
import { recover } from "../engine/recover.js";
import { updateSubsystem } from "../engine/update-subsystem.js";
import { sayAlive } from "../guard/alive.js";
import { openLedger } from "../ledger/open-ledger.js";
import { openTrustStore } from "../open-trust-store.js";
import { isDeveloperMachine } from "../publish/is-developer-machine.js";
import { openSupervisor } from "../supervise/open-supervisor.js";
import type { WebhookSecrets } from "../webhook/webhook-secrets.js";
import type { LogEvent } from "./service-log.js";
import { startWatch } from "./start-watch.js";

/** What the service is run with. */
export interface RunWatchOptions {
  readonly config: SyncConfig;
  readonly env: Env;
  readonly cwd: string;
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  readonly secrets: WebhookSecrets;
  readonly startDelayMs: number;
  /** ms since epoch. */
  readonly now: () => number;
  readonly log: LogEvent;
  /** Ends the service in order. */
  readonly signal: AbortSignal;
}

/**
 * Runs the service; resolves when it has ended in order after `signal`.
 *
 * @throws {UsageError} If the machine is not enrolled, or a token is missing.
 * @throws {Error} If the port cannot be had.
 */
export async function runWatch(options: RunWatchOptions): Promise<void> {
  const { config, env, cwd, now, log, signal } = options;
  const say = (message: string) => log("note", { message });
  const trust = await openTrustStore(config);
  // A machine that has verified nothing yet has neither of the copies.
  const isNew = trust.damage.every((damage) => damage.includes("ENOENT"));
  for (const damage of isNew ? [] : trust.damage) say(`The trust store was mended: ${damage}`);
  const opened = await openLedger({ config, env, trust, fetch, now, log: say, signal });
  const { ledger, machine } = opened;
  const engine: EngineDeps = {
    ...{ config, ledger, machine, trust, fetch, now },
    supervisor: openSupervisor(config, env, signal),
    log: say,
    atStep: () => {},
  };
  try {
    const watch = await startWatch({
      ...{ config, ledger, now, log },
      ...{ host: options.host, port: options.port, secrets: options.secrets },
      startDelayMs: options.startDelayMs,
      isDeveloper: (name) => isDeveloperMachine(subsystemOf(config, name)),
      develop: async (name, until) => {
        // Building and publishing is a good part of the code, and most machines never need it.
        const { develop } = await import("./develop.js");
        return await develop(name, { engine, env, cwd }, until);
      },
      update: (name, target, until) => updateSubsystem(engine, name, target, { signal: until }),
      recover: async (until) => {
        for (const [subsystem, outcome] of await recover(engine, { signal: until })) {
          const { state, version, seq } = outcome;
          log("recovered", { subsystem, state, version, seq });
        }
      },
    });
    sayAlive();
    await ended(signal);
    await watch.close();
  } finally {
    await ledger.close();
  }
}

function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
