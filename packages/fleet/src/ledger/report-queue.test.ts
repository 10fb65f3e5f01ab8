/** Reports on their way: in order, once, whatever is lost or dies in between. */
import { createPublicKey, verify } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AttemptReport,
  type MachineAnswer,
  type ReportsMessage,
  type SignedCall,
  signedCallText,
} from "@tideline/version/fleet";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { makeMachineKey } from "./machine-file.js";
import { listReports } from "./report-folder.js";
import { openReportQueue, type ReportQueue, type SendCall } from "./report-queue.js";

let root: string;
let state: string;
let queue: ReportQueue;
let ledger: TinyLedger;
let log: string[];
const machine = { machineId: "m1", privateKey: makeMachineKey(), channel: "stable" };

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tideline-reports-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  state = await mkdtemp(join(root, "state-"));
  log = [];
  queue = open();
  ledger = new TinyLedger();
});

function open(channel = machine.channel): ReportQueue {
  return openReportQueue(state, { ...machine, channel }, (line) => log.push(line));
}

/** The ledger's rules of counters and repeats, as in its openCall; what it takes, it keeps. */
class TinyLedger {
  readonly taken: AttemptReport[] = [];
  readonly calls: SignedCall[] = [];
  counter = 0;
  #last = "";
  /** What goes wrong with the next call. */
  fault: "lost-before" | "lost-after" | "too-many" | null = null;
  unreadable = (_: AttemptReport) => false;

  readonly send: SendCall = async (_, call) => {
    this.calls.push(call);
    const { fault } = this;
    this.fault = null;
    if (fault === "lost-before") throw new Error("no network");
    if (fault === "too-many") {
      return { ok: false, code: "TOO_MANY_REPORTS", message: "no more", counter: this.counter };
    }
    const answer = this.#take(call);
    if (fault === "lost-after") throw new Error("no answer");
    return answer;
  };

  #take(call: SignedCall) {
    const text = Buffer.from(signedCallText(call));
    const key = createPublicKey(machine.privateKey);
    expect(verify(null, text, key, Buffer.from(call.signature, "base64"))).toBe(true);
    if (call.counter === this.counter && call.signature === this.#last) return ACCEPTED;
    if (call.counter <= this.counter) {
      const { counter } = this;
      return { ok: false, code: "COUNTER_TOO_LOW", message: "too low", counter } as const;
    }
    const { reports = [] } = JSON.parse(call.body) as Partial<ReportsMessage>;
    if (reports.some(this.unreadable)) {
      return { ok: false, code: "UNREADABLE", message: "what is that" } as const;
    }
    this.counter = call.counter;
    this.#last = call.signature;
    this.taken.push(...reports);
    return ACCEPTED;
  }
}

const ACCEPTED: MachineAnswer = { ok: true };

function report(seq: number, state: AttemptReport["state"] = "committed"): AttemptReport {
  return {
    ...{ subsystem: "nats", seq, version: `2.10.${seq}`, generation: seq, state },
    ...{ reason: null, detail: null, runningSha256: null, at: 0 },
  };
}

async function addMany(count: number, first = 1): Promise<number[]> {
  const seqs = Array.from({ length: count }, (_, index) => first + index);
  for (const seq of seqs) await queue.add(report(seq));
  return seqs;
}

const takenSeqs = () => ledger.taken.map(({ seq }) => seq);

test("reports go out in order, a hundred in a call, and nothing stays behind", async () => {
  const seqs = await addMany(250);
  expect(await queue.size()).toBe(250);
  expect(await queue.flush(ledger.send)).toEqual({ kind: "empty" });
  expect(takenSeqs()).toEqual(seqs);
  expect(ledger.calls).toHaveLength(3);
  expect(await readdir(join(state, "reports"))).toEqual(["counter.json"]);
  await queue.flush(ledger.send);
  expect(ledger.calls).toHaveLength(3);
});

test("added by several at once, each has a place of its own", async () => {
  const queues = [queue, open(), open(), open()];
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => queues[index % 4]?.add(report(index))),
  );
  await queue.flush(ledger.send);
  expect(takenSeqs().sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at));
});

test("a report names the channel in which it was made, wherever the machine is when it goes out", async () => {
  await addMany(1);
  const moved = open("beta");
  await moved.add(report(2));
  await moved.flush(ledger.send);
  expect(ledger.taken.map(({ channel }) => channel)).toEqual(["stable", "beta"]);
});

test("a call that did not arrive is made again, with what came meanwhile after it", async () => {
  await addMany(2);
  ledger.fault = "lost-before";
  await expect(queue.flush(ledger.send)).rejects.toThrow("no network");
  await addMany(1, 3);
  await open().flush(ledger.send);
  expect(takenSeqs()).toEqual([1, 2, 3]);
});

test("a call whose answer was lost is repeated as it was, and taken once", async () => {
  await addMany(2);
  ledger.fault = "lost-after";
  await expect(queue.flush(ledger.send)).rejects.toThrow("no answer");
  await addMany(1, 3);
  await open().flush(ledger.send);
  expect(takenSeqs()).toEqual([1, 2, 3]);
  expect(ledger.calls[1]).toEqual(ledger.calls[0]);
});

test("after an end at any moment between two writes, each report is taken once", async () => {
  // What the folder holds at each moment of a flush: a process that ends there leaves just that.
  const folder = join(state, "reports");
  const read = async () => {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
    return new Map(
      await Promise.all(
        names.map(async (name) => [name, await readFile(join(folder, name))] as const),
      ),
    );
  };
  await addMany(3);
  const before = await read();
  let sent = before;
  await queue.flush(async (kind, call) => {
    sent = await read();
    return await ledger.send(kind, call);
  });
  const after = await read();
  const [call] = ledger.calls as [SignedCall];
  const counter = after.get("counter.json") as Buffer;
  const reports = [...before.keys()].sort();
  const moments: Map<string, Buffer>[] = [sent, new Map([...sent, ["counter.json", counter]])];
  for (let removed = 1; removed <= reports.length; removed++) {
    const left = new Map([...(moments[1] as Map<string, Buffer>)]);
    for (const name of reports.slice(0, removed)) left.delete(name);
    moments.push(left);
  }
  for (const moment of moments) {
    await rm(folder, { recursive: true });
    await mkdir(folder);
    for (const [name, bytes] of moment) await writeFile(join(folder, name), bytes);
    ledger = new TinyLedger();
    await ledger.send("reports", call);
    // The next process has something to tell before it sends what was left.
    await open().add(report(4));
    await open().flush(ledger.send);
    expect(takenSeqs()).toEqual([1, 2, 3, 4]);
    expect(await open().size()).toBe(0);
  }
});

test("a state folder from a backup signs anew above the ledger's counter", async () => {
  ledger.counter = 41;
  await addMany(1);
  await queue.flush(ledger.send);
  expect(takenSeqs()).toEqual([1]);
  expect(ledger.counter).toBe(42);
  expect(
    await queue.sendOnce({ kind: "presence", syncVersion: "1", running: [] }, ledger.send),
  ).toEqual({ ok: true });
  expect(ledger.counter).toBe(43);
});

test("one report that the ledger cannot read is left out, and holds up nobody", async () => {
  ledger.unreadable = ({ seq }) => seq === 2;
  await addMany(3);
  expect(await queue.flush(ledger.send)).toEqual({ kind: "empty" });
  expect(takenSeqs()).toEqual([1, 3]);
  expect(log).toEqual(["A report is left out: what is that"]);
});

test("a ledger that wants no more now is left alone, and has it all later", async () => {
  await addMany(2);
  ledger.fault = "too-many";
  expect(await queue.flush(ledger.send)).toEqual({ kind: "refused", message: "no more" });
  await queue.flush(ledger.send);
  expect(takenSeqs()).toEqual([1, 2]);
});

test("of two processes that send, one does", async () => {
  await addMany(3);
  const other = open();
  let second: unknown = null;
  await queue.flush(async (kind, call) => {
    second ??= await other.flush(ledger.send);
    return await ledger.send(kind, call);
  });
  expect(second).toEqual({ kind: "busy" });
  expect(takenSeqs()).toEqual([1, 2, 3]);
});

test("a report on a damaged disk is left out, and the others go", async () => {
  await addMany(3);
  const [, second = ""] = await listReports(join(state, "reports"));
  await writeFile(join(state, "reports", second), "{");
  await queue.flush(ledger.send);
  expect(takenSeqs()).toEqual([1, 3]);
  expect(await queue.size()).toBe(0);
});
