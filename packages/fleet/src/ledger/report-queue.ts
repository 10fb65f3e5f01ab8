/**
 * Sends what is in the folder of reports, in order and once. The signed call is on disk before it is
 * sent: after a lost answer or a crash the very same call goes out again, which the ledger answers as
 * the first time.
 *
 * ```text
 * reports on disk -> call.json -> sent -> counter.json -> reports removed -> call.json removed
 * ```
 */
import { mkdir, readFile, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type {
  AttemptReport,
  MachineAnswer,
  MachineMessage,
  SignedCall,
} from "@tideline/version/fleet";
import { tryLock } from "../engine/lock.js";
import { replaceFile } from "../write-file.js";
import type { Machine } from "./machine-file.js";
import { addReport, listReports, readReports, removeReports } from "./report-folder.js";
import { signCall } from "./sign-call.js";

/** What the ledger takes at a time. */
const MAX_BATCH = 100;

/** The ledger's answer, or that it can make nothing of what the call says, now or ever. */
export type CallAnswer =
  | MachineAnswer
  | { readonly ok: false; readonly code: "UNREADABLE"; readonly message: string };

/** Makes one call of a machine; rejects if nobody knows whether it arrived, or it may be made later. */
export type SendCall = (kind: MachineMessage["kind"], call: SignedCall) => Promise<CallAnswer>;

/** What came of sending. */
export type FlushOutcome =
  /** Nothing is left. */
  | { readonly kind: "empty" }
  /** Another process is sending. */
  | { readonly kind: "busy" }
  /** The ledger wants no more for now. */
  | { readonly kind: "refused"; readonly message: string };

/** The machine's reports on their way to the ledger. */
export interface ReportQueue {
  /** Takes a report for good: it is on disk when this resolves. */
  add(report: AttemptReport): Promise<void>;
  /** How many wait. */
  size(): Promise<number>;
  /**
   * Sends what waits, at most 100 a call.
   *
   * @throws What `send` throws; everything unsent stays.
   */
  flush(send: SendCall): Promise<FlushOutcome>;
  /** Sends one message that need not arrive, with the next counter. */
  sendOnce(message: MachineMessage, send: SendCall): Promise<CallAnswer | null>;
}

/**
 * Opens the queue in the state folder.
 *
 * @param machine Null for one that is not enrolled: reports wait until it is.
 */
export function openReportQueue(
  state: string,
  machine: Pick<Machine, "machineId" | "privateKey" | "channel"> | null,
  log: (line: string) => void,
): ReportQueue {
  const folder = join(state, "reports");
  const lockPath = join(state, "locks", "reports.lock");
  const callPath = join(folder, "call.json");
  const counterPath = join(folder, "counter.json");

  async function locked<Result>(work: () => Promise<Result>): Promise<Result | null> {
    await mkdir(dirname(lockPath), { recursive: true, mode: 0o700 });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await tryLock(lockPath);
    if (lock === null) return null;
    try {
      return await work();
    } finally {
      await lock.release();
    }
  }

  /** The call that was begun, or a new one; null if nothing waits. */
  async function nextCall(who: Identity, most: number): Promise<PendingCall | null> {
    const begun = await readJson<PendingCall>(callPath);
    if (begun !== null && begun.call.machineId === who.machineId) return begun;
    const files = (await listReports(folder)).slice(0, most);
    if (files.length === 0) return null;
    const stored = await readReports(folder, files);
    if (stored.length === 0) {
      await removeReports(folder, files);
      return await nextCall(who, most);
    }
    const reports = stored.map(({ report }) => report);
    return await begin({ kind: "reports", reports }, files, (await readCounter()) + 1, who);
  }

  async function begin(
    message: MachineMessage,
    files: readonly string[],
    counter: number,
    who: Identity,
  ): Promise<PendingCall> {
    const pending = { files, call: signCall(who, counter, message) };
    await replaceFile(callPath, JSON.stringify(pending));
    return pending;
  }

  async function readCounter(): Promise<number> {
    return (await readJson<{ counter: number }>(counterPath))?.counter ?? 0;
  }

  async function writeCounter(counter: number): Promise<void> {
    if (counter <= (await readCounter())) return;
    await replaceFile(counterPath, JSON.stringify({ counter }));
  }

  async function sendAll(who: Identity, send: SendCall): Promise<FlushOutcome> {
    let most = MAX_BATCH;
    for (;;) {
      const pending = await nextCall(who, most);
      if (pending === null) return { kind: "empty" };
      const { call, files } = pending;
      const answer = await send("reports", call);
      if (answer.ok) {
        await writeCounter(call.counter);
        await removeReports(folder, files);
        await unlink(callPath);
        continue;
      }
      switch (answer.code) {
        case "COUNTER_TOO_LOW": {
          // The state folder comes from a backup, or a presence went out in between.
          const message = JSON.parse(call.body) as MachineMessage;
          await begin(message, files, Math.max(answer.counter, await readCounter()) + 1, who);
          break;
        }
        case "UNREADABLE":
          // One report that an older ledger cannot read must not hold up all others for ever.
          if (files.length === 1) {
            log(`A report is left out: ${answer.message}`);
            await removeReports(folder, files);
          }
          most = 1;
          await unlink(callPath);
          break;
        case "TOO_MANY_REPORTS":
          return { kind: "refused", message: answer.message };
        default:
          answer satisfies never;
      }
    }
  }

  return {
    add: (report) => {
      // It may go out after the machine has gone to another channel.
      const channel = machine === null ? {} : { channel: machine.channel };
      return addReport(folder, { ...report, ...channel });
    },
    size: async () => (await listReports(folder)).length,
    async flush(send) {
      if (machine === null) return { kind: "empty" };
      return (await locked(() => sendAll(machine, send))) ?? { kind: "busy" };
    },
    async sendOnce(message, send) {
      if (machine === null) return null;
      return await locked(async () => {
        const counter = (await readCounter()) + 1;
        // Before it is sent: a counter that may have been used is used.
        await writeCounter(counter);
        const answer = await send(message.kind, signCall(machine, counter, message));
        if (answer.ok || answer.code !== "COUNTER_TOO_LOW") return answer;
        const next = answer.counter + 1;
        await writeCounter(next);
        return await send(message.kind, signCall(machine, next, message));
      });
    },
  };
}

type Identity = Pick<Machine, "machineId" | "privateKey">;

interface PendingCall {
  readonly files: readonly string[];
  readonly call: SignedCall;
}

/** Our own file; null if it is missing or damaged, when the same is made anew from the reports. */
async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    return null;
  }
}
