// What Node and OpenSSL say where somebody means https for http, or the other way round.
const NO_TLS = /wrong version number|packet length too long|http request|unsupported protocol/i;

/**
 * Says in a few words why a request failed. `fetch failed` hides the reason in its cause, several
 * addresses that all refused come without a sentence of their own, and OpenSSL writes paragraphs.
 */
export function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return firstLine(String(error));
  const { message, code, reason } = (
    error.cause instanceof Error ? error.cause : error
  ) as NodeJS.ErrnoException & { readonly reason?: unknown };
  if (message === "redirect count exceeded") return "it redirects on and on";
  if (message === "bad port") return "browsers refuse to open its port, use another";
  if (/^URL scheme must be/.test(message)) return "it redirects to an address that is not http";
  if (code === "EPROTO" || /^ERR_SSL_/.test(code ?? "")) {
    const said = typeof reason === "string" ? reason : firstLine(message);
    return NO_TLS.test(said) || NO_TLS.test(message)
      ? "what answers there speaks no TLS; is it http in place of https?"
      : `TLS failed: ${said}`;
  }
  if (/^HPE_/.test(code ?? "")) return `what answers there speaks no HTTP (${firstLine(message)})`;
  return firstLine(message) || code || error.message;
}

function firstLine(text: string): string {
  return text.split(/[\r\n]/, 1)[0]?.trim() ?? "";
}
