/**
 * Thousands of clients in one process, as light as can be: TCP sockets that read WebSocket frames
 * and look for a marker. The same for every server, so that it does not tilt a comparison.
 *
 * Run with `fork`. Commands: `{open, count, hello}`, answered with "open" once every client has
 * something; `{await: marker}`, answered with the moments at which clients had the marker.
 */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

/** When clients had the marker, in ms since epoch. */
export interface Arrivals {
  readonly firstAt: number;
  readonly p99At: number;
  readonly lastAt: number;
}

export interface OpenCommand {
  readonly open: { readonly port: number; readonly path: string };
  readonly count: number;
  /** What each client sends once it is connected; `$session` becomes a UUID of its own. */
  readonly hello: readonly string[];
  /** True if the server answers the hello; otherwise a client counts from its handshake on. */
  readonly isAnswered: boolean;
}

export interface AwaitCommand {
  readonly await: string;
}

let marker: Buffer | null = null;
let moments: number[] = [];
let clientCount = 0;

process.on("message", (command: OpenCommand | AwaitCommand) => {
  if ("open" in command) {
    void openAll(command).then(() => process.send?.("open"));
  } else {
    moments = [];
    marker = Buffer.from(command.await);
    process.send?.("armed");
  }
});
process.on("disconnect", () => process.exit());

async function openAll(command: OpenCommand): Promise<void> {
  // In portions: the kernel's queue of connections to accept is 511 long.
  for (let done = 0; done < command.count; done += 200) {
    const portion = Math.min(200, command.count - done);
    await Promise.all(Array.from({ length: portion }, () => openOne(command)));
  }
  clientCount = command.count;
}

function openOne({ open, hello, isAnswered }: OpenCommand): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(open.port, "127.0.0.1");
    socket.once("error", reject);
    socket.write(
      `GET ${open.path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    socket.once("data", (head: Buffer) => {
      if (!head.toString("latin1").startsWith("HTTP/1.1 101")) {
        reject(new Error(`Handshake refused: ${head.toString("latin1")}`));
        return;
      }
      for (const text of hello) socket.write(maskedFrame(text.replace("$session", uuid())));
      readFrames(socket, isAnswered ? resolve : () => {});
      if (!isAnswered) resolve();
    });
  });
}

function readFrames(socket: Socket, onFirst: () => void): void {
  let rest: Buffer | null = null;
  let isFirst = true;
  socket.on("data", (chunk: Buffer) => {
    let bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const length = frameLength(bytes);
      if (length === null || bytes.length < length) break;
      onFrame(bytes.subarray(0, length));
      if (isFirst) onFirst();
      isFirst = false;
      bytes = bytes.subarray(length);
    }
    rest = bytes.length === 0 ? null : bytes;
  });
}

function onFrame(frame: Buffer): void {
  if (marker === null || !frame.includes(marker)) return;
  moments.push(performance.timeOrigin + performance.now());
  if (moments.length < clientCount) return;
  marker = null;
  process.send?.({
    firstAt: moments[0] ?? 0,
    p99At: moments[Math.floor(clientCount * 0.99)] ?? 0,
    lastAt: moments.at(-1) ?? 0,
  } satisfies Arrivals);
}

/** The whole length of a server's frame (RFC 6455 5.2); null while its head is not there. */
function frameLength(bytes: Buffer): number | null {
  if (bytes.length < 2) return null;
  const short = bytes.readUInt8(1);
  if (short < 126) return 2 + short;
  if (short === 126) return bytes.length < 4 ? null : 4 + bytes.readUInt16BE(2);
  return bytes.length < 10 ? null : 10 + Number(bytes.readBigUInt64BE(2));
}

/** A client's frame has to be masked; with zeros the payload stays as it is. */
function maskedFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

function uuid(): string {
  return randomBytes(16)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
