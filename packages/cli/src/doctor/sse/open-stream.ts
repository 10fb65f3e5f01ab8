/** One GET of a stream over HTTP/1.1, with the time of everything that comes. Judges nothing. */
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Readable } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { CommandError } from "../../command-error.js";
import { networkReason } from "../../network-reason.js";
import { type Credentials, credentialsFor } from "./credentials.js";
import { type EventBlock, eventBlocks } from "./event-blocks.js";

/** What to send, and how long to wait. */
export interface StreamRequest {
  readonly lastEventId?: string;
  readonly origin?: string;
  /** So long after the head the gateway is to send the first message; it need not know of that. */
  readonly probeMs?: number;
  readonly credentials: Credentials | null;
  /** For the connection, and then for the headers. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The head of an answer. */
export interface Head {
  readonly status: number;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  /** Since the connection stood. */
  readonly afterMs: number;
}

/** How the request went so far. */
export type Opening =
  | { readonly kind: "answered"; readonly head: Head }
  /** It was connected, and nothing came in time. */
  | { readonly kind: "silent"; readonly waitedMs: number }
  | { readonly kind: "unreachable"; readonly why: string };

// As many as a browser follows, and far more than anybody means.
const MAX_REDIRECTS = 20;
// An error page is read no further than this.
const MAX_TEXT = 4096;

/** Opens a stream, following redirects as a browser does. */
export async function openStream(url: string, asked: StreamRequest): Promise<OpenStream> {
  const redirects: string[] = [];
  for (let address = url; ; ) {
    const stream = new OpenStream(address, redirects);
    const opening = await stream.connect(asked);
    if (opening.kind !== "answered") return stream;
    const { status, headers } = opening.head;
    const { location } = headers;
    if (status < 300 || status > 399 || status === 304 || location === undefined) return stream;
    const next = URL.canParse(location, address) ? new URL(location, address) : null;
    if (next === null || !/^https?:$/.test(next.protocol)) return stream;
    if (redirects.length === MAX_REDIRECTS) return stream;
    stream.close();
    next.username = "";
    next.password = "";
    address = next.href;
    redirects.push(address);
  }
}

/** A stream that was asked for; grows until it is closed. */
export class OpenStream {
  readonly address: string;
  /** The addresses that were gone through after the first. */
  readonly redirects: readonly string[];
  readonly blocks: EventBlock[] = [];
  /** The beginning of what came, as text. */
  text = "";
  /** Since the connection stood; null while it is open. */
  endedAfterMs: number | null = null;
  opening: Opening = { kind: "unreachable", why: "it was not asked for" };
  readonly #waiting = new Set<() => void>();
  #signal: AbortSignal | null = null;
  #close = () => {};
  #startedAt: number | null = null;

  constructor(address: string, redirects: readonly string[]) {
    this.address = address;
    this.redirects = redirects;
  }

  /** Sends the request and waits for the head of the answer. */
  async connect(asked: StreamRequest): Promise<Opening> {
    this.#signal = asked.signal;
    stopIf(asked.signal);
    const request = (this.address.startsWith("https:") ? requestHttps : requestHttp)(this.address, {
      agent: false,
      headers: {
        accept: "text/event-stream",
        "accept-encoding": "gzip, deflate, br",
        "cache-control": "no-cache",
        // As a browser asks; a proxy answers alike.
        connection: "keep-alive",
        ...credentialsFor(this.address, asked.credentials),
        ...(asked.origin !== undefined && { origin: asked.origin }),
        ...(asked.probeMs !== undefined && { "tideline-probe": `${asked.probeMs}` }),
        ...(asked.lastEventId !== undefined && { "last-event-id": asked.lastEventId }),
      },
    });
    this.#close = () => request.destroy();
    asked.signal.addEventListener("abort", this.#close, { once: true });
    this.opening = await new Promise<Opening>((resolve) => {
      let connectedAt: number | null = null;
      const giveUp = () => {
        request.destroy();
        resolve(
          connectedAt === null
            ? { kind: "unreachable", why: `no connection within ${asked.timeoutMs / 1000} s` }
            : { kind: "silent", waitedMs: asked.timeoutMs },
        );
      };
      let timer = setTimeout(giveUp, asked.timeoutMs);
      const isSecure = this.address.startsWith("https:");
      request.once("socket", (socket) =>
        socket.once(isSecure ? "secureConnect" : "connect", () => {
          connectedAt = performance.now();
          clearTimeout(timer);
          timer = setTimeout(giveUp, asked.timeoutMs);
        }),
      );
      request.on("error", (error) => {
        clearTimeout(timer);
        this.#end(connectedAt);
        resolve({ kind: "unreachable", why: networkReason(error) });
      });
      request.once("response", (response) => {
        clearTimeout(timer);
        const start = connectedAt ?? performance.now();
        this.#read(response, start);
        const { statusCode: status = 0, httpVersion, headers } = response;
        const afterMs = performance.now() - start;
        resolve({ kind: "answered", head: { status, httpVersion, headers, afterMs } });
      });
      request.end();
    });
    stopIf(asked.signal);
    return this.opening;
  }

  /**
   * Waits until something is true of what came.
   *
   * @returns False if the time went by, or the stream ended, before it was.
   */
  async until(isTrue: () => boolean, timeoutMs: number): Promise<boolean> {
    let stop = () => {};
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      const look = () => {
        if (isTrue() || this.endedAfterMs !== null) resolve();
      };
      const abort = () => resolve();
      stop = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        this.#signal?.removeEventListener("abort", abort);
      };
      this.#waiting.add(look);
      this.#signal?.addEventListener("abort", abort);
      if (this.#signal?.aborted) resolve();
      look();
    });
    stop();
    if (this.#signal !== null) stopIf(this.#signal);
    return isTrue();
  }

  /** How long ago the connection stood; 0 before it was answered. */
  get ageMs(): number {
    return this.#startedAt === null ? 0 : performance.now() - this.#startedAt;
  }

  close(): void {
    this.#signal?.removeEventListener("abort", this.#close);
    this.#close();
  }

  #read(response: IncomingMessage, start: number): void {
    this.#startedAt = start;
    const read = eventBlocks();
    const decoder = new TextDecoder();
    const body = decoded(response);
    body.on("data", (bytes: Buffer) => {
      const text = decoder.decode(bytes, { stream: true });
      this.text = (this.text + text).slice(0, MAX_TEXT);
      this.blocks.push(...read(text, performance.now() - start));
      this.#tell();
    });
    // A connection that breaks off, or bytes that are not what they are called, end the stream.
    for (const event of ["end", "close", "error"]) body.on(event, () => this.#end(start));
    response.on("error", () => this.#end(start));
  }

  #end(start: number | null): void {
    this.endedAfterMs ??= start === null ? 0 : performance.now() - start;
    this.#tell();
  }

  #tell(): void {
    for (const look of this.#waiting) look();
  }
}

function decoded(response: IncomingMessage): Readable {
  const flush = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
  switch (response.headers["content-encoding"]?.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return response.pipe(createGunzip(flush));
    case "deflate":
      return response.pipe(createInflate(flush));
    case "br":
      return response.pipe(createBrotliDecompress());
    default:
      return response;
  }
}

function stopIf(signal: AbortSignal): void {
  if (signal.aborted) throw new CommandError("interrupted", "Stopped before all was checked");
}
