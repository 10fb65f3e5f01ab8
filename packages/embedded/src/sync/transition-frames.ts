import { textFrame } from "./frame.js";
import type { QueryResult } from "./query-result.js";
import type { SyncVersion } from "./version.js";

/** One entry of a Transition: what a query answers now, or null for a query that is gone. */
export interface Modification {
  readonly queryId: number;
  readonly result: QueryResult | null;
}

interface OneChange extends Modification {
  readonly start: SyncVersion;
  readonly end: SyncVersion;
  readonly acceptsChunks: boolean;
  readonly frame: Buffer;
}

// The client gives up after 60 s without a whole message, so a big one goes in parts. The
// protocol's own limit is 5,000,000 bytes; a UTF-16 unit is at most 3 bytes.
const MAX_TRANSITION_BYTES = 5_000_000;
const CHUNK_UNITS = 1_500_000;

/**
 * The frames of one round of Transitions. Clients that go from the same version to the same version
 * with the same changes get the same Buffer, so a change costs one encoding however many watch it.
 */
export class TransitionFrames {
  readonly #byStart = new Map<SyncVersion, Map<string, Buffer>>();
  /** What `getOne` gave last: in a row of like clients it is found without making a key. */
  #last: OneChange | null = null;

  /** The frame of one changed query; as `get`, and cheaper for many like clients in a row. */
  getOne(
    start: SyncVersion,
    end: SyncVersion,
    queryId: number,
    result: QueryResult | null,
    acceptsChunks: boolean,
  ): Buffer {
    const last = this.#last;
    if (
      last !== null &&
      last.start === start &&
      last.end === end &&
      last.queryId === queryId &&
      last.result === result &&
      last.acceptsChunks === acceptsChunks
    ) {
      return last.frame;
    }
    const frame = this.get(start, end, [{ queryId, result }], acceptsChunks);
    this.#last = { start, end, queryId, result, acceptsChunks, frame };
    return frame;
  }

  /** @param acceptsChunks False for clients before 1.28.0, which do not know TransitionChunk. */
  get(
    start: SyncVersion,
    end: SyncVersion,
    modifications: readonly Modification[],
    acceptsChunks: boolean,
  ): Buffer {
    let frames = this.#byStart.get(start);
    if (frames === undefined) {
      frames = new Map();
      this.#byStart.set(start, frames);
    }
    const key = frameKey(end, modifications, acceptsChunks);
    let frame = frames.get(key);
    if (frame === undefined) {
      frame = encodeTransition(start, end, modifications, acceptsChunks);
      frames.set(key, frame);
    }
    return frame;
  }
}

function frameKey(
  end: SyncVersion,
  modifications: readonly Modification[],
  acceptsChunks: boolean,
): string {
  let key = `${end.querySet}:${end.identity}:${acceptsChunks ? 1 : 0}`;
  for (const { queryId, result } of modifications) key += `|${queryId}:${result?.id ?? ""}`;
  return key;
}

function encodeTransition(
  start: SyncVersion,
  end: SyncVersion,
  modifications: readonly Modification[],
  acceptsChunks: boolean,
): Buffer {
  const changes = modifications.map(({ queryId, result }) =>
    result === null
      ? `{"type":"QueryRemoved","queryId":${queryId}}`
      : `{"type":"${result.type}","queryId":${queryId}${result.tail}`,
  );
  const text = `{"type":"Transition","startVersion":${start.json},"endVersion":${end.json},"modifications":[${changes.join(",")}]}`;
  // Cheap first: a text of fewer units than that cannot have more bytes than the limit.
  if (!acceptsChunks || text.length * 3 <= MAX_TRANSITION_BYTES) return textFrame(text);
  const bytes = Buffer.byteLength(text);
  return bytes <= MAX_TRANSITION_BYTES ? textFrame(text) : encodeChunks(text, bytes);
}

function encodeChunks(text: string, bytes: number): Buffer {
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + CHUNK_UNITS, text.length);
    // Half a surrogate pair is not UTF-8.
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1;
    parts.push(text.slice(from, to));
    from = to;
  }
  return Buffer.concat(
    parts.map((chunk, partNumber) =>
      textFrame(
        JSON.stringify({
          type: "TransitionChunk",
          chunk,
          partNumber,
          totalParts: parts.length,
          transitionId: String(bytes),
        }),
      ),
    ),
  );
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
