/** What the attempts of a subsystem came to, kept for `status` after the journal is gone. */
import type { ReasonCode } from "@tideline/version/fleet";
import * as v from "valibot";
import { readStateFile, type StateFile, writeStateFile } from "./state-file.js";
import { outcomePath } from "./state-paths.js";
import { storedReason } from "./stored-reason.js";

/** How an attempt ended. */
export interface Outcome {
  readonly state: "committed" | "rolled-back" | "needs-operator" | "refused";
  readonly version: string;
  readonly seq: number;
  readonly reason: ReasonCode | null;
  readonly detail: string | null;
  /** The service's newest lines when it failed, oldest first; at most 50. */
  readonly log: readonly string[];
  /** ms since epoch. */
  readonly at: number;
}

/** What is kept for one subsystem. */
export interface Outcomes {
  /** The last one that touched the live binary: whether somebody has to come is seen here. */
  readonly live: Outcome | null;
  /** The last refusal since then. */
  readonly refused: Outcome | null;
}

/** Reads what the attempts of a subsystem came to. */
export async function readOutcomes(state: string, subsystem: string): Promise<Outcomes> {
  return await readStateFile(fileOf(state, subsystem));
}

/** Keeps an outcome. A refusal does not hide that somebody has to come; all else forgets refusals. */
export async function writeOutcome(
  state: string,
  subsystem: string,
  outcome: Outcome,
): Promise<void> {
  const file = fileOf(state, subsystem);
  if (outcome.state !== "refused") {
    return await writeStateFile(file, { live: outcome, refused: null });
  }
  const before = await readStateFile(file);
  await writeStateFile(file, { live: before.live, refused: outcome });
}

function fileOf(state: string, subsystem: string): StateFile<Outcomes> {
  const path = outcomePath(state, subsystem);
  return { path, schema: SCHEMA, empty: { live: null, refused: null } };
}

const OUTCOME = v.object({
  state: v.picklist(["committed", "rolled-back", "needs-operator", "refused"]),
  version: v.string(),
  seq: v.number(),
  reason: v.nullable(storedReason(null)),
  detail: v.nullable(v.string()),
  log: v.array(v.string()),
  at: v.number(),
});

const SCHEMA = v.object({ live: v.nullable(OUTCOME), refused: v.nullable(OUTCOME) });
