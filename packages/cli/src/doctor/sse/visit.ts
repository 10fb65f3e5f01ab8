/**
 * One visit to a gateway: a stream that stays open throughout, /version asked meanwhile, and what
 * else the checks open. Judges nothing.
 */
import type { Addresses } from "./addresses.js";
import { type Answer, ask } from "./ask.js";
import { type OpenStream, openStream, type StreamRequest } from "./open-stream.js";

/** Later than this is late: the first event is sent as soon as a client connects. */
export const PROMPT_MS = 1000;
/** What has not come by then is not waited for any longer. */
export const PATIENCE_MS = 5000;

/** What to visit, and how. */
export interface VisitOptions {
  readonly addresses: Addresses;
  /** The origin that pages have; null if none is known. */
  readonly origin: string | null;
  /** How often the version is sent; null if it is not waited for. */
  readonly beatMs: number | null;
  readonly signal: AbortSignal;
}

/** A visit under way. */
export interface Visit extends VisitOptions {
  /** The stream that stays open. */
  readonly stream: OpenStream;
  /** All that were opened so far. */
  readonly streams: readonly OpenStream[];
  /** What /version answered while the stream was open. */
  readonly version: Answer;
  /** Opens another stream. */
  readonly open: (
    more?: Partial<Pick<StreamRequest, "lastEventId" | "probeMs">>,
  ) => Promise<OpenStream>;
  readonly close: () => void;
}

/** Opens the stream and asks /version beside it. */
export async function visit(options: VisitOptions): Promise<Visit> {
  const { addresses, origin, signal } = options;
  const streams: OpenStream[] = [];
  const close = () => {
    for (const each of streams) each.close();
  };
  const open: Visit["open"] = async (more = {}) => {
    const stream = await openStream(addresses.stream, {
      ...more,
      ...(origin === null ? {} : { origin }),
      timeoutMs: PATIENCE_MS,
      signal,
    });
    streams.push(stream);
    return stream;
  };
  try {
    const headers = origin === null ? {} : { origin };
    const [stream, version] = await Promise.all([
      open(),
      ask(addresses.version, { signal, headers }),
    ]);
    return { ...options, stream, streams, version, open, close };
  } catch (error) {
    close();
    throw error;
  }
}
