import type { Timestamp } from "../contract.js";
import { encodeTimestamp } from "./timestamp.js";

/**
 * What a client has been told, as the protocol counts it. Equal versions are the same object (see
 * `VersionTable`), so clients that stand at the same place can be found by identity.
 */
export interface SyncVersion {
  readonly querySet: number;
  readonly identity: number;
  readonly ts: Timestamp;
  /** Its JSON in a Transition. */
  readonly json: string;
}

const INITIAL: SyncVersion = makeVersion(0, 0, 0n);

// Far more places than clients that hear of a change together stand at.
const MAX_KEPT = 4_096;

/** Gives equal versions of the newest timestamp as one object; older ones are forgotten. */
export class VersionTable {
  #ts: Timestamp = -1n;
  readonly #byCounts = new Map<string, SyncVersion>();
  #last: SyncVersion = INITIAL;

  /** Every connection starts here. */
  readonly initial = INITIAL;

  get(querySet: number, identity: number, ts: Timestamp): SyncVersion {
    const last = this.#last;
    if (last.ts === ts && last.querySet === querySet && last.identity === identity) return last;
    // Without commits the timestamp may stay for days while clients come and go.
    if (ts !== this.#ts || this.#byCounts.size >= MAX_KEPT) {
      this.#ts = ts;
      this.#byCounts.clear();
    }
    const key = `${querySet}:${identity}`;
    let version = this.#byCounts.get(key);
    if (version === undefined) {
      version = makeVersion(querySet, identity, ts);
      this.#byCounts.set(key, version);
    }
    this.#last = version;
    return version;
  }
}

function makeVersion(querySet: number, identity: number, ts: Timestamp): SyncVersion {
  const json = `{"querySet":${querySet},"identity":${identity},"ts":"${encodeTimestamp(ts)}"}`;
  return { querySet, identity, ts, json };
}
