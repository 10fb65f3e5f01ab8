/** When the ledger was heard last, on disk, for `status` and for whoever has to do without it. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../write-file.js";

/** Reads when the ledger was last known to be heard, in ms since epoch; null: never. */
export async function readSeen(state: string): Promise<number | null> {
  try {
    const { at } = JSON.parse(await readFile(join(state, "ledger-seen.json"), "utf8")) as {
      at: unknown;
    };
    return typeof at === "number" ? at : null;
  } catch {
    // It only serves a sentence.
    return null;
  }
}

/** Notes that the ledger was heard at a time. Trouble with it is nobody's trouble. */
export async function noteSeen(state: string, at: number): Promise<void> {
  try {
    await mkdir(state, { recursive: true, mode: 0o700 });
    await replaceFile(join(state, "ledger-seen.json"), `${JSON.stringify({ at })}\n`);
  } catch {
    // It only serves a sentence.
  }
}
