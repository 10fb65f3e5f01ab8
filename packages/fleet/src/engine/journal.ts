/** The attempt that is under way for a subsystem, on disk, so that a crash at any moment can be mended. */
import { mkdir, readFile, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { AttemptState, ReasonCode } from "@tideline/version/fleet";
import * as v from "valibot";
import type { VersionFile } from "../swap/version-file.js";
import { syncFolder } from "../sync-folder.js";
import { replaceFile } from "../write-file.js";
import { journalPath } from "./state-paths.js";
import { storedReason } from "./stored-reason.js";

/** Why a new version is taken back. */
export interface Failure {
  readonly reason: ReasonCode;
  /** One sentence, as in an error. */
  readonly detail: string;
  /** The service's newest lines when it failed, oldest first; at most 50. */
  readonly log: readonly string[];
}

/**
 * One attempt. It is replaced before each step whose half would be hard to tell from its whole, and
 * removed when the attempt has ended and its outcome is written.
 */
export interface Journal {
  readonly format: 1;
  readonly subsystem: string;
  /** `rollback`: somebody asked to go back; then `from` is what comes back and `to` what goes. */
  readonly kind: "update" | "rollback";
  readonly state: AttemptState;
  readonly seq: number;
  readonly version: string;
  readonly generation: number;
  /** ms since epoch. */
  readonly startedAt: number;
  /** What lay at the live path before; null if nothing did. */
  readonly from: VersionFile | null;
  /** What shall lie there. */
  readonly to: VersionFile;
  /** The service's process before the restart; null if it has none, or did not run. */
  readonly pidBefore: number | null;
  /** How often the attempt was taken up again after an end that nobody ordered. */
  readonly recoveries: number;
  /** True from an ordered stop to the next start: that one is no sign of a machine that goes down. */
  readonly isStoppedInOrder: boolean;
  /** From `rolling-back` on. */
  readonly failure: Failure | null;
}

/**
 * Reads the journal of a subsystem.
 *
 * @returns null if no attempt is under way; `unreadable` if nobody can say what was.
 */
export async function readJournal(
  state: string,
  subsystem: string,
): Promise<Journal | null | "unreadable"> {
  let text: string;
  try {
    text = await readFile(journalPath(state, subsystem), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    const parsed = v.safeParse(SCHEMA, JSON.parse(text));
    if (parsed.success && parsed.output.subsystem === subsystem) return parsed.output;
  } catch {
    // Said by the caller, who looks at the live binary instead.
  }
  return "unreadable";
}

/** Puts the journal on disk; on its return a crash finds this state. */
export async function writeJournal(state: string, journal: Journal): Promise<void> {
  const path = journalPath(state, journal.subsystem);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await replaceFile(path, `${JSON.stringify(journal, null, 2)}\n`);
}

/** Ends the attempt on disk. */
export async function removeJournal(state: string, subsystem: string): Promise<void> {
  const path = journalPath(state, subsystem);
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return;
  }
  await syncFolder(dirname(path));
}

const STATES = [
  ...["planned", "downloading", "verified", "staged", "exec-tested", "locked", "swapped"],
  ...["restarting", "gating", "soaking", "committed", "rolling-back", "rolled-back", "refused"],
  "needs-operator",
] as AttemptState[];

const SHA256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const COUNT = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const VERSION = v.object({
  commit: v.nullable(v.string()),
  timestamp: v.number(),
  checksum: SHA256,
  version: v.nullable(v.string()),
  seq: v.nullable(COUNT),
});

const FAILURE = v.object({
  reason: storedReason("INTERRUPTED"),
  detail: v.string(),
  log: v.array(v.string()),
});

const SCHEMA = v.object({
  format: v.literal(1),
  subsystem: v.string(),
  kind: v.picklist(["update", "rollback"]),
  state: v.picklist(STATES),
  seq: COUNT,
  version: v.string(),
  generation: COUNT,
  startedAt: v.number(),
  from: v.nullable(VERSION),
  to: VERSION,
  pidBefore: v.nullable(v.number()),
  recoveries: COUNT,
  isStoppedInOrder: v.boolean(),
  failure: v.nullable(FAILURE),
});
