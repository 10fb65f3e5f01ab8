/** Whether one commit lies in the history of another, asked of the server without fetching either. */
import { SyncError } from "../sync-error.js";
import type { DetectWorld } from "./detect-world.js";
import type { GitRemote } from "./git-remote.js";
import { commandHead, postCommand } from "./list-refs.js";
import { packet } from "./pkt-lines.js";

/** `gone`: the server has no such commit (any more); `unsaid`: it does not tell. */
export type Containment = "contained" | "not-contained" | "gone" | "unsaid";

/**
 * Asks a server whether `commit` lies in the history of `tip`.
 *
 * It is asked for a pack of `commit` for somebody who has `tip` (gitprotocol-v2, fetch): the pack's
 * head says how many objects are missing, and there are none exactly if `tip` leads to `commit`.
 * Nothing after the head is read.
 */
export async function containsCommit(
  remote: GitRemote,
  tip: string,
  commit: string,
  world: DetectWorld,
): Promise<Containment> {
  if (tip === commit) return "contained";
  if (remote.speaks.version !== 2) return "unsaid";
  const fetchFeatures = remote.speaks.capabilities.get("fetch");
  if (fetchFeatures === undefined) return "unsaid";
  const body = [
    ...commandHead(remote, "fetch"),
    packet("no-progress"),
    // Commits alone, where the server can: it need not look for files that nobody reads.
    ...(fetchFeatures.split(" ").includes("filter") ? [packet("filter tree:0")] : []),
    packet(`want ${commit}`),
    packet(`have ${tip}`),
    packet("done"),
    "0000",
  ].join("");
  let answer: Buffer;
  try {
    answer = await postCommand(remote, body, world, (soFar) => readPackHead(soFar) !== null);
  } catch (error) {
    world.signal.throwIfAborted();
    // It says less than was hoped; it is no reason to say nothing about the refs.
    if (error instanceof SyncError) return "unsaid";
    throw error;
  }
  return readPackHead(answer) ?? "unsaid";
}

const SIDE_BAND_PACK = 1;
// gitformat-pack: "PACK", the version, the number of objects; four bytes each.
const PACK_HEAD_BYTES = 12;

/** Null while the answer so far does not tell. */
function readPackHead(bytes: Buffer): Containment | null {
  let pack = Buffer.alloc(0);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = Number.parseInt(bytes.subarray(at, at + 4).toString("latin1"), 16);
    if (Number.isNaN(length)) return null;
    const data = bytes.subarray(at + 4, at + Math.max(length, 4));
    at += Math.max(length, 4);
    if (at > bytes.length) return null;
    const text = data.subarray(0, 200).toString("latin1");
    if (text.startsWith("ERR ")) return text.includes("not our ref") ? "gone" : "unsaid";
    if (data[0] !== SIDE_BAND_PACK) continue;
    pack = Buffer.concat([pack, data.subarray(1)]);
    if (pack.length < PACK_HEAD_BYTES) continue;
    if (pack.subarray(0, 4).toString("latin1") !== "PACK") return "unsaid";
    return pack.readUInt32BE(8) === 0 ? "contained" : "not-contained";
  }
  return null;
}
