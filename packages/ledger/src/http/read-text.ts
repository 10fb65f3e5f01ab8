/**
 * Reads a request's or response's whole body as UTF-8.
 *
 * @returns Null if it has more than `maxBytes`; the rest is then left unread.
 * @throws {TypeError} If it is not UTF-8.
 */
export async function readText(
  { headers, body }: Pick<Request, "headers" | "body">,
  maxBytes: number,
): Promise<string | null> {
  if (Number(headers.get("content-length") ?? 0) > maxBytes) return null;
  if (body === null) return "";
  const reader = body.getReader();
  // Whole characters only, so that what is read is what was sent.
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      // Cancelling could close the connection before the answer is out.
      reader.releaseLock();
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}
