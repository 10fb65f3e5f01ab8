/** What a download is asked for, and within which bounds it tries. */
import type { ReleaseArtifact } from "@tideline/version/fleet";

/** Asks for the binary of one release: `fetchBinary(request): Promise<StagedBinary>`. */
export interface FetchRequest {
  readonly artifact: ReleaseArtifact;
  /** `<binary folder>/.staging`: on the file system of the live binary; made if it is missing. */
  readonly stagingFolder: string;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
  /** Bytes on disk of the file that is downloaded; after each piece, resumed ones included. */
  readonly onProgress?: (received: number, size: number) => void;
  /** ms since epoch; for hosts that name a time to come back at. @default Date.now */
  readonly now?: () => number;
  /** Waits between tries; rejects when the signal aborts. @default a timer */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly limits?: Partial<DownloadLimits>;
}

/** What `fetchBinary` gives. */
export interface StagedBinary {
  /** `<stagingFolder>/<sha256 of the binary>`: verified, mode 0755, forced to disk. */
  readonly path: string;
}

/** Bounds of a download; none of them is needed for its safety, which size and sha256 give. */
export interface DownloadLimits {
  /** Tries in a row, on one address, that brought not one byte. */
  readonly triesWithoutProgress: number;
  /** Requests on one address, redirects not counted: a host may hand out a few bytes at a time. */
  readonly requests: number;
  /** Until the host begins to answer, and between two pieces of the body. */
  readonly idleTimeoutMs: number;
  /** From the first request on one address to its last byte. */
  readonly totalTimeoutMs: number;
  /** Before the second try without progress; doubles, and half of it is left to chance. */
  readonly backoffMs: number;
  /** A host that wants to be left alone for longer is given up for now. */
  readonly maxRetryAfterMs: number;
}

/** @see DownloadLimits */
export const DOWNLOAD_LIMITS: DownloadLimits = {
  triesWithoutProgress: 4,
  requests: 200,
  idleTimeoutMs: 30_000,
  totalTimeoutMs: 60 * 60_000,
  backoffMs: 1_000,
  maxRetryAfterMs: 120_000,
};
