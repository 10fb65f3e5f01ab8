/** Bytes that many connections are sent, made once. */
export interface Payload {
  /** As an event stream has it: for whatever frames its bytes itself. */
  readonly plain: Uint8Array;
  /** The same as one chunk of an HTTP/1.1 body, for a socket without anything in between. */
  readonly chunk: Uint8Array;
}

/** Makes the bytes of a piece of an event stream, framed and unframed. */
export function makePayload(text: string): Payload {
  const plain = Buffer.from(text);
  // RFC 9112 7.1: the length in hex, the bytes, and a line break after each.
  const chunk = Buffer.concat([
    Buffer.from(`${plain.byteLength.toString(16)}\r\n`),
    plain,
    Buffer.from("\r\n"),
  ]);
  return { plain, chunk };
}
