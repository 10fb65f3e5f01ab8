/** The second origin: sends the bytes of files, with ranges, and goes wrong where it is told to. */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Fault } from "./faults.js";

/** Sends a file, or the part of it that the request's Range names (RFC 9110, 14.2). */
export function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  file: Buffer,
  fault: Fault | null,
): void {
  const etag = `"${createHash("sha256").update(file).digest("hex").slice(0, 32)}"`;
  const common = {
    "content-type": "application/octet-stream",
    "accept-ranges": "bytes",
    etag,
  };
  const served = fault?.kind === "flip" || fault?.kind === "longer" ? changed(file, fault) : file;
  const range = fault?.kind === "ignore-range" ? null : rangeOf(request, served.length, etag);
  if (range === "unsatisfiable") {
    response.writeHead(416, { ...common, "content-range": `bytes */${served.length}` }).end();
    return;
  }
  if (range === null) {
    send(response, 200, common, served, request.method === "HEAD", fault);
    return;
  }
  const start = fault?.kind === "wrong-range" ? 0 : range.start;
  const part = served.subarray(start, range.end + 1);
  const contentRange = `bytes ${start}-${range.end}/${served.length}`;
  const headers = { ...common, "content-range": contentRange };
  send(response, 206, headers, part, request.method === "HEAD", fault);
}

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  isHead: boolean,
  fault: Fault | null,
): void {
  if (fault?.kind === "close") {
    closeAfter(response, status, headers, body.subarray(0, fault.at));
    return;
  }
  response.writeHead(status, { ...headers, "content-length": body.length });
  if (isHead) response.end();
  else if (fault?.kind === "cut") cutAfter(response, body.subarray(0, fault.at));
  else if (fault?.kind === "hang") response.write(body.subarray(0, fault.at));
  else if (fault?.kind === "slow") sendSlowly(response, body, fault.chunkBytes, fault.everyMs);
  else response.end(body);
}

/** Cuts the connection once these bytes have left; the length that was named was a longer one. */
export function cutAfter(response: ServerResponse, part: Buffer): void {
  response.flushHeaders();
  response.write(part, () => response.socket?.destroy());
}

/** Writes past Node's server, which would name a length or chunks. */
export function closeAfter(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  part: Buffer,
): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  response.socket?.write(`HTTP/1.0 ${status} OK\r\n${lines.join("")}connection: close\r\n\r\n`);
  response.socket?.end(part);
}

function sendSlowly(
  response: ServerResponse,
  body: Buffer,
  chunkBytes: number,
  everyMs: number,
): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (sent >= body.length) {
      clearInterval(timer);
      response.end();
      return;
    }
    response.write(body.subarray(sent, sent + chunkBytes));
    sent += chunkBytes;
  }, everyMs);
  response.on("close", () => clearInterval(timer));
}

function changed(file: Buffer, fault: Fault): Buffer {
  if (fault.kind === "longer") return Buffer.concat([file, Buffer.alloc(fault.bytes)]);
  const copy = Buffer.from(file);
  if (fault.kind === "flip") copy[fault.at] = (copy[fault.at] ?? 0) ^ 1;
  return copy;
}

function rangeOf(
  request: IncomingMessage,
  length: number,
  etag: string,
): { readonly start: number; readonly end: number } | "unsatisfiable" | null {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const condition = request.headers["if-range"];
  if (first === undefined || (condition !== undefined && condition !== etag)) return null;
  const start = Number(first);
  const end = Math.min(last === "" || last === undefined ? length - 1 : Number(last), length - 1);
  return start > end ? "unsatisfiable" : { start, end };
}
