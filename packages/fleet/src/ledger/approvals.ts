/**
 * What somebody let go on this machine: `approvals.json`, a list of `seq` for each subsystem. With a
 * ledger, that one keeps the approvals of the whole fleet instead.
 */
import { join } from "node:path";
import * as v from "valibot";
import { changeStateFile, readStateFile, type StateFile } from "../engine/state-file.js";

/** By subsystem, the releases that were let go, in order. */
export type Approvals = Readonly<Record<string, readonly number[]>>;

/** Reads what was let go. @throws {SyncError} `STATE_DAMAGED` */
export async function readApprovals(state: string): Promise<Approvals> {
  return await readStateFile(fileOf(state));
}

/**
 * Lets a release go, or takes that back: without an approval it is not installed, so that nothing
 * else is needed to reject one.
 */
export async function writeApproval(
  state: string,
  subsystem: string,
  seq: number,
  decision: "approve" | "reject",
): Promise<void> {
  await changeStateFile(state, fileOf(state), (before) => {
    const others = (before[subsystem] ?? []).filter((approved) => approved !== seq);
    const seqs = decision === "approve" ? [...others, seq].sort((a, b) => a - b) : others;
    return { ...before, [subsystem]: seqs };
  });
}

function fileOf(state: string): StateFile<Approvals> {
  return { path: join(state, "approvals.json"), schema: SCHEMA, empty: {} };
}

const SCHEMA = v.record(v.string(), v.array(v.number()));
