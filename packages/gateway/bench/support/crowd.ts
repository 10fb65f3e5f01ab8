/**
 * Thousands of readers of an event stream in one process, as light as Node allows: raw sockets that
 * share one buffer and look for a marker. The same for every server, so that it does not tilt a
 * comparison. Run with `fork`.
 */
import { connect } from "node:net";
import { clockMs } from "./clock.js";

/** Open more streams. Answered with what one client got first, once all have something. */
export interface OpenCommand {
  readonly open: number;
  readonly port: number;
  /** `$build` in it stands for the client's build. */
  readonly path: string;
  /** How many builds the clients run, as evenly as can be. */
  readonly builds: number;
}

/** What a bench asks of a crowd. */
export type CrowdCommand =
  | OpenCommand
  /** Wait for an event with a marker in it. Answered at once, and with the arrivals later. */
  | { readonly await: string };

/** When clients had the whole event, in ms of the machine's clock. */
export interface Arrivals {
  readonly firstAt: number;
  readonly p99At: number;
  readonly lastAt: number;
  /** As it came to the first client, chunk framing included. */
  readonly bytes: number;
}

const END = Buffer.from("\n\n");
// Read and looked at before the next socket is read, so one is enough.
const buffer = Buffer.alloc(65_536);

let marker: Buffer | null = null;
let round = 0;
let moments: number[] = [];
let bytes = 0;
let clientCount = 0;

process.on("message", (command: CrowdCommand) => {
  if ("open" in command) {
    openAll(command).then((head) => process.send?.(head), fail);
  } else {
    moments = [];
    round += 1;
    marker = Buffer.from(command.await);
    process.send?.("armed");
  }
});
process.on("disconnect", () => process.exit());

async function openAll(command: OpenCommand): Promise<string> {
  let head = "";
  for (let done = 0; done < command.open; done += 200) {
    const portion = Math.min(200, command.open - done);
    [head = ""] = await Promise.all(
      Array.from({ length: portion }, (_, index) =>
        openOne(command, `a${((done + index) % command.builds) + 1}`),
      ),
    );
  }
  clientCount += command.open;
  return head;
}

function openOne({ port, path }: OpenCommand, build: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = "";
    let isOpen = false;
    let seenRound = 0;
    const onRead = (length: number) => {
      if (!isOpen) {
        // Head and first message come together or not.
        head += buffer.toString("latin1", 0, length);
        if (!head.startsWith("HTTP/1.1 200")) reject(new Error(`Refused: ${head}`));
        if (!head.endsWith("\n\n\r\n")) return true;
        isOpen = true;
        resolve(head);
        head = "";
      } else if (marker !== null && seenRound !== round && hasEvent(length)) {
        seenRound = round;
        arrive(length);
      }
      return true;
    };
    const socket = connect({ port, host: "127.0.0.1", onread: { buffer, callback: onRead } });
    socket.once("error", reject);
    socket.once("close", () => fail(new Error("A stream was closed")));
    socket.write(
      `GET ${path.replace("$build", build)} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n` +
        "Accept-Encoding: gzip, deflate, br\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\r\n",
    );
  });
}

/** True if the whole event is there; in pieces it would never count, and the bench would say so. */
function hasEvent(length: number): boolean {
  const read = buffer.subarray(0, length);
  const at = read.indexOf(marker as Buffer);
  return at >= 0 && read.indexOf(END, at) >= 0;
}

function arrive(length: number): void {
  moments.push(clockMs());
  if (moments.length === 1) bytes = length;
  if (moments.length < clientCount) return;
  marker = null;
  process.send?.({
    firstAt: moments[0] ?? 0,
    p99At: moments[Math.ceil(clientCount * 0.99) - 1] ?? 0,
    lastAt: moments.at(-1) ?? 0,
    bytes,
  } satisfies Arrivals);
}

function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}
