/**
 * The Convex ledger: one connection, on which targets and hints come by themselves and reports go.
 * While it stands nothing is asked; see watch-return.ts for while it does not.
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
import type { SyncError } from "../sync-error.js";
import { SYNC_VERSION } from "../sync-version.js";
import { UsageError } from "../usage-error.js";
import { asLedgerError } from "./as-ledger-error.js";
import type { FleetLedger, PublishAnswer } from "./fleet-ledger.js";
import { openLedgerConnection } from "./ledger-connection.js";
import { parseHints, parseTargets } from "./parse-targets.js";
import type { CallAnswer, ReportQueue } from "./report-queue.js";

const LATER_MS = 60_000;
// What the ledger takes in a day is used up.
const MUCH_LATER_MS = 60 * 60_000;
const DAY_MS = 86_400_000;
const READ_TOKEN = "TIDELINE_FLEET_READ_TOKEN";

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
  readonly fetch: typeof fetch;
  /** ms since epoch. */
  readonly now: () => number;
  readonly log: (line: string) => void;
}

/** The Convex ledger, with what only a service needs to know of it. */
export interface ConvexLedger extends FleetLedger {
  readonly kind: "convex";
  /** @param onRefused Hears why the ledger does not say them; absent: the log does. */
  watchTargets(
    onTargets: (targets: readonly FleetTarget[]) => void,
    signal: AbortSignal,
    onRefused?: (why: SyncError) => void,
  ): void;
  /** Calls back when the connection comes or goes, until `signal` aborts. */
  onConnection(listener: (isConnected: boolean) => void, signal: AbortSignal): void;
  /**
   * Resolves when no report waits any more, or they cannot be sent now, or `signal` aborts: what
   * waits then is on disk, and the next process sends it.
   */
  flush(signal?: AbortSignal): Promise<void>;
}

/** Opens it. It connects when somebody watches or publishes for the first time. */
export function openConvexLedger(options: ConvexLedgerOptions): ConvexLedger {
  const { url, channel, readToken: token, operatorToken, reports, fetch, now, log } = options;
  const connection = openLedgerConnection({ url, fetch, onLive: noticeConnection });
  const listeners = new Set<(isConnected: boolean) => void>();
  let newest: readonly FleetTarget[] | null = null;
  let isConnected = false;
  let awaySince: number | null = now();
  let presentAt: number | null = null;
  let sending: Promise<void> = Promise.resolve();
  let retry: NodeJS.Timeout | null = null;
  let isClosed = false;
  /** What was said last of a refusal: of one wrong token every subscription hears. */
  let said: string | null = null;

  function noticeConnection(isNow: boolean): void {
    isConnected = isNow;
    awaySince = isNow ? null : now();
    for (const listener of listeners) listener(isNow);
    if (isNow) send();
  }

  /** Sends what waits, after whatever is being sent. */
  function send(): void {
    sending = sending.then(sendNow).catch((error: unknown) => {
      // What was not sent is on disk, and the next process sends it.
      if (isClosed) return;
      const name = FLEET_FUNCTIONS.reportAttempts;
      log(
        `Cannot send reports now: ${asLedgerError(error, { url, doing: "report", name }).message}`,
      );
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
    if (isClosed) return;
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
      return (await connection.mutate(name, { ...call })) as MachineAnswer;
    } catch (error) {
      const data = (error as { data?: { code?: unknown; message?: unknown } }).data;
      if (data?.code !== "INVALID_ARGUMENT") throw error;
      return { ok: false, code: "UNREADABLE", message: String(data.message) };
    }
  }

  function subscribe(
    name: string,
    args: Record<string, unknown>,
    onAnswer: (answer: unknown) => void,
    signal: AbortSignal,
    onRefused = tellRefusal,
  ): void {
    const about = { url, doing: "read the ledger", name, token: READ_TOKEN } as const;
    const fail = (error: Error) => onRefused(asLedgerError(error, about));
    connection.subscribe(name, args, onAnswer, fail, signal);
  }

  function tellRefusal({ message }: SyncError): void {
    if (message !== said) log(message);
    said = message;
  }

  async function publishNow(args: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
    const name = FLEET_FUNCTIONS.publishRelease;
    try {
      return await connection.mutate(name, args, signal);
    } catch (error) {
      signal.throwIfAborted();
      const token = "TIDELINE_FLEET_TOKEN";
      throw asLedgerError(error, { url, doing: "publish to the ledger", name, token });
    }
  }

  return {
    kind: "convex",
    watchTargets(onTargets, signal, onRefused) {
      const hear = (answer: unknown) => {
        said = null;
        newest = parseTargets(answer, log);
        onTargets(newest);
      };
      subscribe(FLEET_FUNCTIONS.watchTargets, { channel, token }, hear, signal, onRefused);
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
      const answer = (await publishNow(args, signal)) as FleetAnswer;
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
    async flush(signal) {
      send();
      if (signal?.aborted) return;
      let stop = () => {};
      const stopped = new Promise<void>((resolve) => {
        stop = resolve;
        signal?.addEventListener("abort", stop, { once: true });
      });
      await Promise.race([sending, stopped]);
      signal?.removeEventListener("abort", stop);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      if (retry !== null) clearTimeout(retry);
      await connection.close();
    },
  };
}
