/**
 * One visit to a gateway: a stream that stays open throughout, /version asked meanwhile, and what
 * else the checks open. Judges nothing.
 */
import type { Addresses } from "./addresses.js";
import { type Answer, ask } from "./ask.js";
import type { Credentials } from "./credentials.js";
import { type OpenStream, openStream, type StreamRequest } from "./open-stream.js";
import type { Page } from "./read-page.js";

/** Later than this is late: the first event is sent as soon as a client connects. */
export const PROMPT_MS = 1000;
/** What has not come by then is not waited for any longer. */
const PATIENCE_MS = 5000;

/** What to visit, and how. */
export interface VisitOptions {
  readonly addresses: Addresses;
  /** The page that names it; null if none was read. */
  readonly page: Page | null;
  readonly credentials: Credentials | null;
  /** How long an ordinary answer may take. */
  readonly timeoutMs: number;
  /** The origin that pages have; null if none is known. */
  readonly origin: string | null;
  /** How often the version is sent; null if it is not waited for. */
  readonly beatMs: number | null;
  readonly signal: AbortSignal;
}

/** A visit under way. */
export interface Visit extends VisitOptions {
  /** How long the stream was waited for. */
  readonly patienceMs: number;
  /** The stream that stays open. */
  readonly stream: OpenStream;
  /** All that were opened so far. */
  readonly streams: readonly OpenStream[];
  /** What /version answered while the stream was open. */
  readonly version: Answer;
  /** Asks beside the stream. */
  readonly ask: (url: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;
  /** Opens another stream. */
  readonly open: (
    more?: Partial<Pick<StreamRequest, "lastEventId" | "probeMs">>,
  ) => Promise<OpenStream>;
  readonly close: () => void;
}

/** Opens the stream and asks /version beside it. */
export async function visit(options: VisitOptions): Promise<Visit> {
  const { addresses, origin, signal, timeoutMs, credentials } = options;
  const patienceMs = Math.min(PATIENCE_MS, timeoutMs);
  const streams: OpenStream[] = [];
  const close = () => {
    for (const each of streams) each.close();
  };
  const open: Visit["open"] = async (more = {}) => {
    const stream = await openStream(addresses.stream, {
      ...more,
      ...(origin === null ? {} : { origin }),
      timeoutMs: patienceMs,
      credentials,
      signal,
    });
    streams.push(stream);
    return stream;
  };
  const askBeside: Visit["ask"] = async (url, headers = {}) =>
    await ask(url, { signal, timeoutMs, credentials, headers });
  try {
    const headers = origin === null ? {} : { origin };
    const [stream, version] = await Promise.all([open(), askBeside(addresses.version, headers)]);
    return { ...options, patienceMs, stream, streams, version, ask: askBeside, open, close };
  } catch (error) {
    close();
    throw error;
  }
}
