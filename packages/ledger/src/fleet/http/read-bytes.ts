/**
 * Reads a request's whole body, untouched.
 *
 * @returns Null if it has more than `maxBytes`; the rest is then left unread.
 */
export async function readBytes(
  { headers, body }: Pick<Request, "headers" | "body">,
  maxBytes: number,
): Promise<Uint8Array | null> {
  if (Number(headers.get("content-length") ?? 0) > maxBytes) return null;
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > maxBytes) {
      // Cancelling could close the connection before the answer is out.
      reader.releaseLock();
      return null;
    }
    parts.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
