/**
 * WebSocket frames, built once and written to many sockets (RFC 6455 5.2). A server's frames are
 * not masked, so the same bytes are right for every client.
 */

const TEXT = 0x1;
const PING = 0x9;

/** One whole unmasked text frame. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafeSlow(headerLength + length);
  // FIN is set: we never fragment.
  frame[0] = 0x80 | TEXT;
  if (headerLength === 2) {
    frame[1] = length;
  } else if (headerLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headerLength, "utf8");
  return frame;
}

/** A WebSocket-level ping without payload; the peer's own software answers it. */
export function pingFrame(): Buffer {
  return Buffer.from([0x80 | PING, 0]);
}
