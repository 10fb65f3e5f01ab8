/** One address of an artifact: asks again, from where it was cut off, as long as that leads anywhere. */
import { SyncError } from "../sync-error.js";
import type { DownloadLimits, FetchRequest } from "./fetch-request.js";
import { type OpenedDownload, openDownload } from "./open-download.js";
import type { PartFile } from "./part-file.js";
import { retryAfterMs } from "./retry-after.js";

/** A request with its defaults filled in. */
export type DownloadContext = FetchRequest &
  Required<Pick<FetchRequest, "now" | "wait">> & { readonly limits: DownloadLimits };

/** What one request came to: the whole file, a part of it, nothing yet, or nothing for a while. */
type Outcome =
  | { readonly kind: "whole" }
  | { readonly kind: "cut"; readonly problem: string }
  | { readonly kind: "limited"; readonly afterMs: number };

/** What is known of the address from the requests before. */
interface Memory {
  /** False once it has answered a range wrongly. */
  hasRanges: boolean;
  /** Its strong validator (RFC 9110, 8.8.3); null while it has given none. */
  etag: string | null;
}

/**
 * Completes the part from one address. It is whole, and has the right sha256, when this resolves.
 *
 * @throws {SyncError} `CHECKSUM_MISMATCH`, `SIZE_MISMATCH`, `HOST_UNUSABLE`, `RATE_LIMITED`,
 *   `HOST_UNREACHABLE`, `DISK_FULL`, `FOLDER_NOT_WRITABLE`
 */
export async function downloadFrom(
  url: string,
  part: PartFile,
  context: DownloadContext,
): Promise<void> {
  const { artifact, signal, wait, limits } = context;
  const memory: Memory = { hasRanges: true, etag: null };
  const endsAt = performance.now() + limits.totalTimeoutMs;
  let furthest = part.size;
  let fruitless = 0;
  let hasStartedAnew = false;
  for (let request = 1; ; request++) {
    const outcome = await ask(url, part, memory, context);
    if (outcome.kind === "whole") {
      if (part.sha256() === artifact.sha256) return;
      if (!part.isMixed || hasStartedAnew) throw wrongBytes(url, part, context);
      // The start may be of an earlier run, of another address, or torn by a power cut.
      hasStartedAnew = true;
      await part.clear();
      furthest = 0;
      continue;
    }
    // A host without ranges starts at the first byte each time: that is no progress.
    fruitless = part.size > furthest ? 0 : fruitless + 1;
    furthest = Math.max(furthest, part.size);
    const isLast =
      fruitless >= limits.triesWithoutProgress ||
      request >= limits.requests ||
      performance.now() >= endsAt;
    if (outcome.kind === "limited") {
      if (isLast || outcome.afterMs > limits.maxRetryAfterMs) throw limited(url, outcome.afterMs);
      await wait(outcome.afterMs, signal);
    } else {
      if (isLast) {
        throw new SyncError(
          "HOST_UNREACHABLE",
          `Cannot download "${url}": expected ${artifact.size} bytes, got ${part.size} after ${request} requests; ${outcome.problem}`,
        );
      }
      await wait(backoff(fruitless, limits), signal);
    }
  }
}

function backoff(fruitless: number, { backoffMs }: DownloadLimits): number {
  if (fruitless === 0) return backoffMs / 4;
  return backoffMs * 2 ** (fruitless - 1) * (0.5 + Math.random() / 2);
}

/** One request, as far as it leads. */
async function ask(
  url: string,
  part: PartFile,
  memory: Memory,
  context: DownloadContext,
): Promise<Outcome> {
  const { fetch, signal, limits } = context;
  if (!memory.hasRanges) await part.clear();
  const headers: Record<string, string> = {};
  if (part.size > 0) {
    headers.range = `bytes=${part.size}-`;
    // RFC 9110, 13.1.5: if the file has changed since, all of it is sent.
    if (memory.etag !== null) headers["if-range"] = memory.etag;
  }
  let opened: OpenedDownload;
  try {
    const { idleTimeoutMs } = limits;
    opened = await openDownload({ url, headers, fetch, signal, idleTimeoutMs });
  } catch (error) {
    if (!(error instanceof SyncError) || error.reason !== "HOST_UNREACHABLE") throw error;
    return { kind: "cut", problem: error.message };
  }
  try {
    const refused = await readHead(url, opened.response, part, memory, context);
    if (refused !== null) return refused;
    rememberValidator(memory, opened.response);
    return await readBody(url, opened, part, context);
  } finally {
    opened.close();
  }
}

/**
 * Looks at status and headers, and clears the part if what comes is no continuation of it.
 *
 * @returns Null if the body is to be read.
 */
async function readHead(
  url: string,
  { status, headers }: Response,
  part: PartFile,
  memory: Memory,
  { artifact, now }: DownloadContext,
): Promise<Outcome | null> {
  const wantsPart = part.size > 0;
  if (status === 200) {
    // Either it knows no ranges, or the file is another one now.
    if (wantsPart) await part.clear();
    requireLength(url, headers, 0, artifact.size);
    return null;
  }
  if (status === 206 && wantsPart) {
    const [, start, total] =
      /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("content-range") ?? "") ?? [];
    const etag = headers.get("etag");
    const isOther = memory.etag !== null && isStrong(etag) && etag !== memory.etag;
    if (Number(start) === part.size && !isOther) {
      if (total !== "*" && Number(total) !== artifact.size) {
        throw wrongSize(url, artifact.size, Number(total));
      }
      requireLength(url, headers, part.size, artifact.size);
      part.beginAnswer();
      return null;
    }
  }
  if (status === 206 || status === 416) {
    memory.hasRanges = false;
    memory.etag = null;
    return { kind: "cut", problem: `it answered ${status} to bytes ${part.size}-` };
  }
  const afterMs = retryAfterMs(headers, now());
  if (status === 429 || ((status === 503 || status === 403) && afterMs !== null)) {
    return { kind: "limited", afterMs: afterMs ?? DEFAULT_RETRY_AFTER_MS };
  }
  if (status >= 500 || status === 408 || status === 425) {
    return { kind: "cut", problem: `it answered with status ${status}` };
  }
  throw new SyncError(
    "HOST_UNREACHABLE",
    `Cannot download "${url}": expected status 200, got ${status}`,
  );
}

/** Reads until the file is whole or the connection is cut. */
async function readBody(
  url: string,
  opened: OpenedDownload,
  part: PartFile,
  { artifact: { size }, signal, onProgress }: DownloadContext,
): Promise<Outcome> {
  for (;;) {
    let piece: Uint8Array | null;
    try {
      piece = await opened.read();
    } catch (error) {
      signal.throwIfAborted();
      return { kind: "cut", problem: `the connection was cut: ${(error as Error).message}` };
    }
    if (piece === null) break;
    if (part.size + piece.length > size) throw wrongSize(url, size, part.size + piece.length);
    await part.append(piece);
    onProgress?.(part.size, size);
  }
  // The end of a connection is the end of a body where the host has said no length (HTTP/1.0).
  if (part.size === size) return { kind: "whole" };
  return { kind: "cut", problem: "the connection ended early" };
}

function rememberValidator(memory: Memory, { headers }: Response): void {
  const etag = headers.get("etag");
  if (isStrong(etag)) memory.etag = etag;
}

function isStrong(etag: string | null): etag is string {
  return etag?.startsWith('"') ?? false;
}

function requireLength(url: string, headers: Headers, from: number, size: number): void {
  // It was asked for none: what it sends would be unpacked on the way, and be other bytes.
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw new SyncError(
      "SIZE_MISMATCH",
      `Cannot download "${url}": expected the file as it is, got content-encoding "${encoding}"`,
    );
  }
  const length = headers.get("content-length");
  if (length === null) return;
  // A host may send less of a range than it was asked for, but never more.
  const isRight = from === 0 ? Number(length) === size : from + Number(length) <= size;
  if (!isRight) throw wrongSize(url, size, from + Number(length));
}

function wrongSize(url: string, size: number, got: number): SyncError {
  const message = `Cannot download "${url}": expected ${size} bytes, got ${got} or more`;
  return new SyncError("SIZE_MISMATCH", message);
}

function wrongBytes(url: string, part: PartFile, { artifact }: DownloadContext): SyncError {
  return new SyncError(
    "CHECKSUM_MISMATCH",
    `Cannot download "${url}": expected sha256 ${artifact.sha256}, got "${part.sha256()}"`,
  );
}

function limited(url: string, afterMs: number): SyncError {
  const seconds = Math.ceil(afterMs / 1000);
  const message = `Cannot download "${url}": expected to be let in, got told to come back in ${seconds} s`;
  return new SyncError("RATE_LIMITED", message);
}

// GitHub's advice for a 429 that says no time: at least a minute.
const DEFAULT_RETRY_AFTER_MS = 60_000;
