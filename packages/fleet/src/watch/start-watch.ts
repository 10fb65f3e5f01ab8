/**
 * The service: one subscription to the ledger, one receiver of webhooks, and a look at a subsystem
 * whenever one of the two says that it has changed. It asks nobody for news: between two events there
 * is nothing on the wire but the connection to the ledger.
 *
 * ```text
 * start, reconnect ──────────────┐
 * targets: a new generation ─────┤
 * hints, webhooks ───────────────┼──> wake queue ──> a look: develop? refresh? update
 * a time that a look has named ──┘
 * ```
 */

import { join } from "node:path";
import type { FleetTarget, ReasonCode } from "@tideline/version/fleet";
import type { SyncConfig } from "../config/sync-config.js";
import type { ConvexLedger } from "../ledger/convex-ledger.js";
import { noteHeard } from "../ledger/heard-targets.js";
import { noteSeen } from "../ledger/ledger-seen.js";
import type { LocalLedger } from "../ledger/local-ledger.js";
import { SyncError } from "../sync-error.js";
import { type DeliveryLog, openDeliveryLog } from "../webhook/delivery-log.js";
import { startWebhookServer, type WebhookServer } from "../webhook/start-webhook-server.js";
import type { WebhookSecrets } from "../webhook/webhook-secrets.js";
import { type AgainTimers, createAgainTimers } from "./again-timers.js";
import { createLook, type LookParts } from "./looks.js";
import type { LogEvent } from "./service-log.js";
import { createWakeQueue, type WakeQueue } from "./wake-queue.js";
import { watchState } from "./watch-state.js";

// After these a look that failed waits for the next event: whoever is away for so long comes back
// with one.
const RETRY_AFTER_MS = [60_000, 5 * 60_000, 15 * 60_000, 60 * 60_000];

// What somebody decides on this machine, by other processes.
const STATE_FILES = ["approvals.json", "pins.json"];

/** What the service works with. It opens none of it but the receiver, and closes that alone. */
export interface WatchOptions extends Pick<LookParts, "develop" | "update" | "isDeveloper"> {
  readonly config: SyncConfig;
  readonly ledger: ConvexLedger | LocalLedger;
  readonly host: string;
  readonly port: number;
  readonly secrets: WebhookSecrets;
  /** Ends what an earlier process left half done. */
  readonly recover: (signal: AbortSignal) => Promise<void>;
  /** How long to wait before the ledger and the release host hear of this machine. @default 0 */
  readonly startDelayMs?: number;
  /** ms since epoch. */
  readonly now: () => number;
  readonly log: LogEvent;
}

/** The service while it runs. */
export interface Watch {
  readonly host: string;
  readonly port: number;
  /** Resolves when the first look at every subsystem has ended, however it did. */
  readonly settled: Promise<void>;
  /** Takes nothing new, ends what is under way in order, and resolves then. */
  close(): Promise<void>;
}

/**
 * Starts the service; it listens when this resolves.
 *
 * @throws {Error} If the port cannot be had.
 */
export async function startWatch(options: WatchOptions): Promise<Watch> {
  const { config, ledger, log, now } = options;
  const names = Object.keys(config.subsystems);
  const controller = new AbortController();
  const { signal } = controller;
  const failures = new Map<string, number>();
  const targetOf = (subsystem: string): FleetTarget | null | undefined => {
    const targets = ledger.targets();
    if (targets === null) return undefined;
    return targets.find((target) => target.subsystem === subsystem) ?? null;
  };
  const look = createLook({
    ...{ log, signal },
    develop: options.develop,
    isDeveloper: options.isDeveloper,
    update: options.update,
    target: targetOf,
    refresh: async (subsystem) => {
      if (ledger.kind === "local") await ledger.refresh(subsystem);
    },
    again: (subsystem, at) => timers.set(subsystem, at),
  });
  const queue: WakeQueue = createWakeQueue(async (subsystem, wake) => {
    timers.clear(subsystem);
    try {
      await look(subsystem, wake);
      failures.delete(subsystem);
    } catch (error) {
      const count = failures.get(subsystem) ?? 0;
      failures.set(subsystem, count + 1);
      const after = mayPass(error) ? RETRY_AFTER_MS[count] : undefined;
      if (after !== undefined && !signal.aborted) timers.set(subsystem, now() + after);
      throw error;
    }
  });
  const wake = async (subsystem: string, why: string, only?: "update"): Promise<void> => {
    const isWhole = only !== "update";
    await queue.wake(subsystem, { refresh: isWhole, develop: isWhole, why });
  };
  const timers: AgainTimers = createAgainTimers(now, (subsystem) => {
    quietly(wake(subsystem, "it is time"));
  });
  const deliveries: DeliveryLog = await openDeliveryLog(
    join(config.state, "deliveries.jsonl"),
    now,
    (message) => log("deliveries", { message }),
  );
  const server: WebhookServer = await startWebhookServer({
    ...{ host: options.host, port: options.port, secrets: options.secrets, deliveries, log },
    upstreams: new Map(
      Object.values(config.subsystems).map(({ name, upstream }) => [name, upstream]),
    ),
    wake: (subsystem, why) => wake(subsystem, why),
  });
  log("listening", { address: `http://${server.host}:${server.port}` });
  for (const name of names) {
    if (!options.secrets.has(name)) {
      log("no-secret", { subsystem: name, message: "Its webhooks are refused: no secret is set" });
    }
  }
  let keeping = Promise.resolve();
  const settled = begin();

  async function begin(): Promise<void> {
    try {
      await options.recover(signal);
      await delay(options.startDelayMs ?? 0, signal);
    } catch (error) {
      if (signal.aborted) return;
      // What could not be mended is mended by the look at its subsystem, or refused there.
      log("recover-failed", { message: error instanceof Error ? error.message : String(error) });
    }
    if (signal.aborted) return;
    followTargets();
    followConnection();
    await watchState(
      config.state,
      STATE_FILES,
      (file) => {
        for (const name of names) quietly(wake(name, `${file} was changed`, "update"));
      },
      signal,
    );
    ledger.watchHints(({ subsystem }) => {
      if (names.includes(subsystem)) quietly(wake(subsystem, "a hint of the ledger"));
    }, signal);
    await Promise.allSettled(names.map((name) => wake(name, "start")));
  }

  function followTargets(): void {
    // A local ledger's targets change in looks alone, and the look that does it goes by them.
    if (ledger.kind === "local") return;
    /** The generations that were acted on. */
    const heard = new Map<string, number>();
    let isFirst = true;
    const { channel } = config.machine;
    const url = config.ledger?.url ?? "";
    ledger.watchTargets((targets) => {
      const at = now();
      if (isFirst) void noteSeen(config.state, at);
      isFirst = false;
      // In the order in which they were heard: the newest is what stays.
      keeping = keeping.then(() => noteHeard(config.state, { url, channel, at, targets }));
      for (const { subsystem, generation, settled, rollout } of targets) {
        if (!names.includes(subsystem) || heard.get(subsystem) === generation) continue;
        heard.set(subsystem, generation);
        const version = rollout?.version ?? settled?.version ?? null;
        log("target", { subsystem, generation, version, mode: rollout?.mode ?? null });
        quietly(wake(subsystem, `generation ${generation}`, "update"));
      }
    }, signal);
  }

  function followConnection(): void {
    if (ledger.kind !== "convex") return;
    let wasAway = false;
    ledger.onConnection((isConnected) => {
      log(isConnected ? "ledger-connected" : "ledger-away");
      if (!isConnected) {
        wasAway = true;
        // From here on nobody knows how fresh the targets are.
        void noteSeen(config.state, now());
        return;
      }
      // Targets come by themselves; what upstreams said meanwhile does not.
      if (wasAway) for (const name of names) quietly(wake(name, "the ledger is back"));
      wasAway = false;
    }, signal);
  }

  return {
    host: server.host,
    port: server.port,
    settled,
    async close() {
      log("ending");
      timers.close();
      const closing = server.close();
      controller.abort(new Error("Cannot go on: the service is ending"));
      await Promise.all([closing, queue.drain(), keeping]);
      await deliveries.flushed();
      log("ended");
    },
  };
}

/** Says whether the same look may succeed later without anybody having done anything. */
function mayPass(error: unknown): boolean {
  return !(error instanceof SyncError) || PASSING.has(error.reason);
}

const PASSING: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  ...(["REMOTE_UNREACHABLE", "LISTING_INCOMPLETE", "AWAITING_ASSETS", "HOST_UNREACHABLE"] as const),
  ...(["RATE_LIMITED", "DISK_FULL", "SUPERVISOR_UNREACHABLE", "UPDATE_IN_PROGRESS"] as const),
]);

/** A look's failure is logged where it happens. */
function quietly(looked: Promise<void>): void {
  looked.catch(() => {});
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
