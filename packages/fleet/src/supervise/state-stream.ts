import WebSocket from "ws";
import { pause } from "./pause.js";
import type { SupervisorAddress } from "./supervisor-address.js";

/** What follows a service's changes. */
export interface StateStream {
  readonly address: SupervisorAddress;
  readonly service: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Something may have changed: the stream opened, said something, or was cut. */
  readonly onHint: () => void;
  /** Whether it is open; while it is not, the caller has to look more often. */
  readonly onOpen: (isOpen: boolean) => void;
}

const FIRST_DELAY_MS = 250;
const LAST_DELAY_MS = 4_000;

/**
 * Keeps `GET /process/states/ws` open until `signal` aborts, and opens it again when it is cut.
 *
 * Its frames are only hints: in process-compose 1.120 the frame of a start still carries the pid and
 * `is_running` of the run before, as it is written before the process is.
 */
export async function followStates(stream: StateStream, signal: AbortSignal): Promise<void> {
  let delayMs = FIRST_DELAY_MS;
  while (!signal.aborted) {
    const wasOpen = await connectOnce(stream, signal);
    stream.onOpen(false);
    stream.onHint();
    delayMs = wasOpen ? FIRST_DELAY_MS : Math.min(delayMs * 2, LAST_DELAY_MS);
    await pause(delayMs, signal);
  }
}

function connectOnce(stream: StateStream, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    let wasOpen = false;
    const socket = new WebSocket(urlOf(stream), {
      headers: stream.headers,
      handshakeTimeout: 5_000,
      maxPayload: 1024 * 1024,
    });
    const abort = () => socket.terminate();
    socket.on("open", () => {
      wasOpen = true;
      stream.onOpen(true);
      stream.onHint();
    });
    socket.on("message", stream.onHint);
    socket.on("error", () => {
      // "close" follows, and the supervisor's own routes say why it is away.
    });
    socket.on("close", () => {
      signal.removeEventListener("abort", abort);
      resolve(wasOpen);
    });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

function urlOf({ address, service }: StateStream): string {
  const path = `/process/states/ws?name=${encodeURIComponent(service)}`;
  if (address.kind === "socket") return `ws+unix:${address.path}:${path}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `ws://${host}:${address.port}${path}`;
}
