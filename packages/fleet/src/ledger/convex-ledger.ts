/**
 * The Convex ledger: one connection, on which targets and hints come by themselves and reports go.
 * The client connects again by itself; nothing here asks twice.
 */
import {
  FLEET_FUNCTIONS,
  type FleetAnswer,
  type FleetTarget,
  type MachineAnswer,
  type MachineMessage,
  type RunningBinary,
  type SignedCall,
  type SignedRelease,
} from "@tideline/version/fleet";
import { ConvexClient } from "convex/browser";
import type { FunctionReference } from "convex/server";
import WebSocket from "ws";
import { SYNC_VERSION } from "../sync-version.js";
import { UsageError } from "../usage-error.js";
import type { FleetLedger, PublishAnswer } from "./fleet-ledger.js";
import { parseHints, parseTargets } from "./parse-targets.js";
import type { CallAnswer, ReportQueue } from "./report-queue.js";

// A connection that is cut in between may take the client as long as it waits at most between tries.
const ANSWER_WITHIN_MS = 30_000;
const LATER_MS = 60_000;
// What the ledger takes in a day is used up.
const MUCH_LATER_MS = 60 * 60_000;
const DAY_MS = 86_400_000;

/** What {@link openConvexLedger} needs. */
export interface ConvexLedgerOptions {
  /** The deployment's address. */
  readonly url: string;
  readonly channel: string;
  /** TIDELINE_FLEET_READ_TOKEN */
  readonly readToken: string;
  /** TIDELINE_FLEET_TOKEN; null: nothing can be published. */
  readonly operatorToken: string | null;
  /** Null: the ledger is only read, and hears nothing of this machine. */
  readonly reports: ReportQueue | null;
  /** What lies at the live paths, for the presence; asked on connecting, once a day at most. */
  readonly running: () => Promise<readonly RunningBinary[]>;
  /** ms since epoch. */
  readonly now: () => number;
  readonly log: (line: string) => void;
}

/** The Convex ledger, with what only a service needs to know of it. */
export interface ConvexLedger extends FleetLedger {
  readonly kind: "convex";
  /** Calls back when the connection comes or goes, until `signal` aborts. */
  onConnection(listener: (isConnected: boolean) => void, signal: AbortSignal): void;
  /** Resolves when no report waits any more, or they cannot be sent now. */
  flush(): Promise<void>;
}

/** A function by its name alone: the client accepts a string, though its types do not say so. */
type Query = FunctionReference<"query", "public", Record<string, unknown>, unknown>;
type Mutation = FunctionReference<"mutation", "public", Record<string, unknown>, unknown>;

/** Opens it. It connects when somebody watches or publishes for the first time. */
export function openConvexLedger(options: ConvexLedgerOptions): ConvexLedger {
  const { url, channel, readToken: token, operatorToken, reports, now, log } = options;
  let client: ConvexClient | null = null;
  const listeners = new Set<(isConnected: boolean) => void>();
  let newest: readonly FleetTarget[] | null = null;
  let isConnected = false;
  let awaySince: number | null = now();
  let presentAt: number | null = null;
  let sending: Promise<void> = Promise.resolve();
  let retry: NodeJS.Timeout | null = null;
  let isClosed = false;

  function connect(): ConvexClient {
    if (isClosed) throw new Error("Cannot connect: the ledger was closed");
    if (client !== null) return client;
    const made = new ConvexClient(url, {
      logger: false,
      unsavedChangesWarning: false,
      // Node 20 has none of its own, and the one file is without the client's: its package says that
      // no module of it has side effects, so a bundler leaves out the one that sets the default.
      webSocketConstructor: WebSocket as unknown as typeof globalThis.WebSocket,
      // A deployment of one's own may have any address.
      skipConvexDeploymentUrlCheck: true,
    });
    made.subscribeToConnectionState(() => noticeConnection(made));
    client = made;
    return made;
  }

  function noticeConnection(from: ConvexClient): void {
    const { isWebSocketConnected, connectionRetries } = from.connectionState();
    // The client counts its retries from 0 again once its subscriptions are answered: an open socket
    // alone would call what was heard before the interruption fresh.
    const isNow = isWebSocketConnected && connectionRetries === 0;
    if (isNow === isConnected || isClosed) return;
    isConnected = isNow;
    awaySince = isNow ? null : now();
    for (const listener of listeners) listener(isNow);
    if (isNow) send();
  }

  /** Sends what waits, after whatever is being sent. */
  function send(): void {
    sending = sending.then(sendNow).catch((error: unknown) => {
      log(`Cannot send reports now: ${error instanceof Error ? error.message : String(error)}`);
      sendLater();
    });
  }

  async function sendNow(): Promise<void> {
    if (reports === null || isClosed || !isConnected) return;
    const outcome = await reports.flush(callMachine);
    if (outcome.kind === "refused") {
      log(`The ledger takes no more reports now: ${outcome.message}`);
      sendLater(MUCH_LATER_MS);
      return;
    }
    // Another process sends; what it had read before ours came stays.
    if (outcome.kind === "busy") sendLater();
    if (presentAt !== null && now() - presentAt < DAY_MS) return;
    const running = await options.running();
    const message = { kind: "presence", syncVersion: SYNC_VERSION, running } as const;
    if ((await reports.sendOnce(message, callMachine))?.ok) presentAt = now();
  }

  function sendLater(afterMs = LATER_MS): void {
    if (retry !== null || isClosed) return;
    retry = setTimeout(() => {
      retry = null;
      send();
    }, afterMs);
    // Nobody is kept from ending by it: what waits is on disk.
    retry.unref();
  }

  async function callMachine(kind: MachineMessage["kind"], call: SignedCall): Promise<CallAnswer> {
    const name =
      kind === "reports" ? FLEET_FUNCTIONS.reportAttempts : FLEET_FUNCTIONS.reportPresence;
    try {
      return (await mutate(name, { ...call })) as MachineAnswer;
    } catch (error) {
      const data = (error as { data?: { code?: unknown; message?: unknown } }).data;
      if (data?.code !== "INVALID_ARGUMENT") throw error;
      return { ok: false, code: "UNREADABLE", message: String(data.message) };
    }
  }

  async function mutate(
    name: string,
    args: Record<string, unknown>,
    signal?: AbortSignal,
  ): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    const patience = new Promise<never>((_, reject) => {
      const late = () =>
        reject(new Error(`Cannot call ${name}: no answer within ${ANSWER_WITHIN_MS / 1000} s`));
      timer = setTimeout(late, ANSWER_WITHIN_MS);
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
    try {
      // Without an answer it may still have arrived, or arrive later: the same call is answered alike.
      return await Promise.race([connect().mutation(name as unknown as Mutation, args), patience]);
    } finally {
      clearTimeout(timer);
      if (onAbort) signal?.removeEventListener("abort", onAbort);
    }
  }

  function subscribe(
    name: string,
    args: Record<string, unknown>,
    onAnswer: (answer: unknown) => void,
    signal: AbortSignal,
  ): void {
    if (signal.aborted) return;
    const fail = (error: Error) => log(`Cannot watch ${name}: ${error.message}`);
    const stop = connect().onUpdate(name as unknown as Query, args, onAnswer, fail);
    signal.addEventListener("abort", () => stop(), { once: true });
  }

  return {
    kind: "convex",
    watchTargets(onTargets, signal) {
      const hear = (answer: unknown) => {
        newest = parseTargets(answer, log);
        onTargets(newest);
      };
      subscribe(FLEET_FUNCTIONS.watchTargets, { channel, token }, hear, signal);
    },
    targets: () => newest,
    watchHints(onHint, signal) {
      const heard = new Map<string, number>();
      let isFirst = true;
      const hear = (answer: unknown) => {
        for (const hint of parseHints(answer, log)) {
          const before = heard.get(hint.subsystem) ?? (isFirst ? null : 0);
          heard.set(hint.subsystem, hint.sequence);
          // What was said before this began is covered by the look that everybody takes at the start.
          if (before !== null && hint.sequence > before) onHint(hint);
        }
        isFirst = false;
      };
      subscribe(FLEET_FUNCTIONS.watchHints, { channel, token }, hear, signal);
    },
    async report(report) {
      await reports?.add(report);
      send();
    },
    async publish(release: SignedRelease, signal: AbortSignal): Promise<PublishAnswer> {
      if (operatorToken === null) {
        throw new UsageError("Cannot publish: expected TIDELINE_FLEET_TOKEN, got none");
      }
      const args = { token: operatorToken, channel, release };
      const answer = (await mutate(FLEET_FUNCTIONS.publishRelease, args, signal)) as FleetAnswer;
      if (!answer.ok) return answer;
      const mode = answer.mode === "waiting-for-approval" ? answer.mode : "running";
      return { ok: true, mode, generation: answer.generation };
    },
    state: () => ({ isConnected, awaySince }),
    onConnection(listener, signal) {
      if (signal.aborted) return;
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
    },
    flush: () => {
      send();
      return sending;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      if (retry !== null) clearTimeout(retry);
      await client?.close();
    },
  };
}
