/**
 * Which deliveries were taken and which of them are done, on disk, so that a redelivery after a
 * restart is known as one. Losing the newest lines in a power failure costs one cheap look more.
 */
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { replaceFile } from "../write-file.js";

/** What is known of a delivery that has come. */
export type DeliveryState =
  /** It was not here before. */
  | "new"
  /** It was here, and what it asked for is still to be done. */
  | "unfinished"
  | "done";

/** The deliveries of a machine. */
export interface DeliveryLog {
  stateOf(id: string): DeliveryState;
  /** Notes that a delivery has come. */
  receive(id: string): void;
  /** Notes that what deliveries asked for is done. */
  finish(ids: Iterable<string>): void;
  /** Resolves when everything noted so far is on disk. */
  flushed(): Promise<void>;
}

// GitHub offers redelivery for 3 days, elsewhere 30 are named.
const KEEP_MS = 30 * 86_400_000;
// 30 a minute and subsystem is the limit; more than these within 30 days is no upstream of anybody's.
const MAX_DELIVERIES = 5_000;

/**
 * Opens the log; what is torn or unreadable in it is left out.
 *
 * @param path `<state>/deliveries.jsonl`
 * @param log Hears when it cannot be written; deliveries are taken nevertheless.
 */
export async function openDeliveryLog(
  path: string,
  now: () => number,
  log: (line: string) => void,
): Promise<DeliveryLog> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const known = trim(await read(path), now());
  let lines = 0;
  let writing = compact();

  function compact(): Promise<void> {
    lines = 0;
    const text = [...known].map(([id, { at, isDone }]) => lineOf(id, at, isDone)).join("");
    return replaceFile(path, text).catch(complain);
  }

  function complain(error: unknown): void {
    log(`Cannot note deliveries: ${error instanceof Error ? error.message : String(error)}`);
  }

  function note(text: string): void {
    lines++;
    const isFull = lines > MAX_DELIVERIES;
    if (isFull) trim(known, now());
    writing = writing.then(() =>
      isFull ? compact() : appendFile(path, text, { mode: 0o600 }).catch(complain),
    );
    if (isFull) lines = 0;
  }

  return {
    stateOf(id) {
      const before = known.get(id);
      if (before === undefined) return "new";
      return before.isDone ? "done" : "unfinished";
    },
    receive(id) {
      if (known.has(id)) return;
      const at = now();
      known.set(id, { at, isDone: false });
      note(lineOf(id, at, false));
    },
    finish(ids) {
      for (const id of ids) {
        const delivery = known.get(id);
        if (delivery === undefined || delivery.isDone) continue;
        known.set(id, { ...delivery, isDone: true });
        note(lineOf(id, delivery.at, true));
      }
    },
    flushed: () => writing,
  };
}

interface Delivery {
  readonly at: number;
  readonly isDone: boolean;
}

function lineOf(id: string, at: number, isDone: boolean): string {
  return `${JSON.stringify({ id, at, done: isDone })}\n`;
}

async function read(path: string): Promise<Map<string, Delivery>> {
  const found = new Map<string, Delivery>();
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    // None yet, or none that can be read: every delivery is new, which costs a look each.
    return found;
  }
  for (const line of text.split("\n")) {
    try {
      const { id, at, done } = JSON.parse(line) as Record<string, unknown>;
      if (typeof id === "string" && typeof at === "number") {
        found.set(id, { at, isDone: done === true });
      }
    } catch {
      // The last line of a process that was killed while it wrote.
    }
  }
  return found;
}

/** Takes out what is too old, and the oldest of what is too much. */
function trim(known: Map<string, Delivery>, now: number): Map<string, Delivery> {
  let surplus = known.size - MAX_DELIVERIES;
  for (const [id, { at }] of known) {
    if (surplus-- > 0 || at < now - KEEP_MS) known.delete(id);
  }
  return known;
}
