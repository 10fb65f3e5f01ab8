/**
 * Gives what a delivery's body says, or undefined if it cannot be read. GitHub sends JSON, or a form
 * whose field `payload` is JSON.
 */
export function parsePayload(body: Uint8Array, contentType: string | undefined): unknown {
  // Bytes that are no UTF-8 were signed too; they become U+FFFD in texts of no consequence here.
  const text = new TextDecoder().decode(body);
  const isForm = contentType?.toLowerCase().startsWith("application/x-www-form-urlencoded");
  try {
    return JSON.parse(isForm ? (new URLSearchParams(text).get("payload") ?? "") : text);
  } catch {
    return undefined;
  }
}
