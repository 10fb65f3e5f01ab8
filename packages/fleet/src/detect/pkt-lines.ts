/** Git's packet lines, read strictly (git's Documentation/gitprotocol-common, "pkt-line Format"). */
import { SyncError } from "../sync-error.js";

/** One packet: a line without its newline at the end, or one of the special packets. */
export type Packet = Buffer | "flush" | "delimiter" | "response-end";

const SPECIAL = ["flush", "delimiter", "response-end"] as const;
// The length counts its own four digits; git sends 65,516 bytes of data at most.
const MAX_PACKET_BYTES = 65_520;

/**
 * Takes an answer apart into its packets, all of it.
 *
 * @param from What it is the answer of, for messages.
 * @throws {SyncError} `LISTING_INCOMPLETE` if it ends inside a packet or is empty; `REMOTE_NOT_GIT` if
 *   these are no packets.
 */
export function readPackets(bytes: Buffer, from: string): Packet[] {
  if (bytes.length === 0) throw incomplete(from, "nothing");
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = readLength(bytes, at, from);
    const special = SPECIAL[length];
    if (special !== undefined) {
      packets.push(special);
      at += 4;
      continue;
    }
    if (at + length > bytes.length) throw incomplete(from, "the beginning of a packet");
    const hasNewline = length > 4 && bytes[at + length - 1] === 0x0a;
    packets.push(bytes.subarray(at + 4, at + length - (hasNewline ? 1 : 0)));
    at += length;
  }
  return packets;
}

/**
 * Takes an answer apart and demands that it ends with a flush packet: without one it may have been
 * cut between two packets, and then looks like fewer refs.
 *
 * @returns The packets without that last flush.
 * @throws {SyncError} What {@link readPackets} throws; `REMOTE_UNAVAILABLE` for an error that the
 *   server sends as a packet.
 */
export function readFlushedPackets(bytes: Buffer, from: string): Packet[] {
  const packets = readPackets(bytes, from);
  for (const packet of packets) {
    if (typeof packet !== "string" && packet.subarray(0, 4).toString("latin1") === "ERR ") {
      const said = JSON.stringify(packet.subarray(4, 204).toString("utf8"));
      throw new SyncError("REMOTE_UNAVAILABLE", `Cannot ask "${from}": the server said ${said}`);
    }
  }
  if (packets.pop() !== "flush") throw incomplete(from, "no end");
  return packets;
}

/** Writes one line as a packet. */
export function packet(line: string): string {
  return `${(Buffer.byteLength(line) + 5).toString(16).padStart(4, "0")}${line}\n`;
}

function readLength(bytes: Buffer, at: number, from: string): number {
  const digits = bytes.subarray(at, at + 4).toString("latin1");
  if (!/^[0-9a-f]{0,4}$/i.test(digits)) throw noPacket(from, digits);
  if (digits.length < 4) throw incomplete(from, "the beginning of a packet");
  const length = Number.parseInt(digits, 16);
  // 0003 is not in use; 0004 is an empty line, which no answer here has.
  if (length === 3 || length === 4 || length > MAX_PACKET_BYTES) throw noPacket(from, digits);
  return length;
}

function incomplete(from: string, found: string): SyncError {
  return new SyncError(
    "LISTING_INCOMPLETE",
    `Cannot use the answer of "${from}": expected packets up to a flush, got ${found}`,
  );
}

function noPacket(from: string, digits: string): SyncError {
  return new SyncError(
    "REMOTE_NOT_GIT",
    `Cannot use the answer of "${from}": expected the length of a packet, got ${JSON.stringify(digits)}`,
  );
}
