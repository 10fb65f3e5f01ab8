/**
 * What somebody let go on this machine, and what they rejected: `approvals.json` and `rejections.json`,
 * each a list of `seq` for each subsystem. With a ledger, that one keeps what was decided for the
 * whole fleet instead.
 */
import { join } from "node:path";
import * as v from "valibot";
import { changeStateFile, readStateFile, type StateFile } from "../engine/state-file.js";

/** By subsystem, the releases that were let go, or rejected, in order. */
export type Approvals = Readonly<Record<string, readonly number[]>>;

/** Reads what was let go. @throws {SyncError} `STATE_DAMAGED` */
export async function readApprovals(state: string): Promise<Approvals> {
  return await readStateFile(fileOf(state, "approvals"));
}

/** Reads what was rejected. @throws {SyncError} `STATE_DAMAGED` */
export async function readRejections(state: string): Promise<Approvals> {
  return await readStateFile(fileOf(state, "rejections"));
}

/** Lets a release go, or rejects it: then it is not installed either where nobody would be asked. */
export async function writeApproval(
  state: string,
  subsystem: string,
  seq: number,
  decision: "approve" | "reject",
): Promise<void> {
  const [from, to] =
    decision === "approve"
      ? (["rejections", "approvals"] as const)
      : (["approvals", "rejections"] as const);
  const others = (before: Approvals) => (before[subsystem] ?? []).filter((one) => one !== seq);
  // Taken out first: a crash in between leaves it undecided, and never approved and rejected.
  await changeStateFile(state, fileOf(state, from), (before) =>
    before[subsystem]?.includes(seq) ? { ...before, [subsystem]: others(before) } : before,
  );
  await changeStateFile(state, fileOf(state, to), (before) => ({
    ...before,
    [subsystem]: [...others(before), seq].sort((a, b) => a - b),
  }));
}

function fileOf(state: string, what: "approvals" | "rejections"): StateFile<Approvals> {
  return { path: join(state, `${what}.json`), schema: SCHEMA, empty: {} };
}

const SCHEMA = v.record(v.string(), v.array(v.number()));
