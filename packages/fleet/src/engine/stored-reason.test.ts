/** What a later `tideline-sync` has left behind when it was rolled back itself. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readDenied } from "./denied.js";
import { type Journal, readJournal } from "./journal.js";
import { readOutcomes, writeOutcome } from "./outcome.js";
import { journalPath, outcomePath } from "./state-paths.js";

const REASON = "OF_A_LATER_VERSION";
const SHA256 = "a".repeat(64);

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "tideline-reasons-"));
});
afterEach(() => rm(state, { recursive: true }));

async function write(path: string, value: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(value));
}

test("an outcome with a reason that this version does not have is read, and can be followed by another", async () => {
  const about = { version: "2.0.0", seq: 2, detail: "Something new", log: [], at: 0 };
  const live = { ...about, state: "rolled-back" as const, reason: REASON };
  await write(outcomePath(state, "nats"), { live, refused: null });
  const known = { ...live, reason: null };
  expect(await readOutcomes(state, "nats")).toEqual({ live: known, refused: null });
  const refused = { ...about, state: "refused" as const, reason: "DENIED" as const };
  await writeOutcome(state, "nats", refused);
  expect(await readOutcomes(state, "nats")).toEqual({ live: known, refused });
});

test("a way back that was begun for such a reason can be gone to its end", async () => {
  const to = { commit: null, timestamp: 0, checksum: SHA256, version: "2.0.0", seq: 2 };
  const journal: Omit<Journal, "failure"> = {
    ...{ format: 1, subsystem: "nats", kind: "update", state: "rolling-back", seq: 2 },
    ...{ version: "2.0.0", generation: 2, startedAt: 0, from: null, to, pidBefore: null },
    ...{ recoveries: 0, isStoppedInOrder: false },
  };
  const failure = { detail: "Something new", log: ["its last line"] };
  await write(journalPath(state, "nats"), { ...journal, failure: { ...failure, reason: REASON } });
  expect(await readJournal(state, "nats")).toEqual({
    ...journal,
    failure: { ...failure, reason: "INTERRUPTED" },
  });
});

test("what was denied for such a reason stays denied", async () => {
  const denial = { subsystem: "nats", version: "2.0.0", at: 0 };
  await write(join(state, "denied.json"), { [SHA256]: { ...denial, reason: REASON } });
  expect(await readDenied(state)).toEqual({ [SHA256]: { ...denial, reason: "DENIED" } });
});
