/** Where a supervisor's routes are served: a unix socket, or a port. */
export type SupervisorAddress =
  | { readonly kind: "socket"; readonly path: string; readonly text: string }
  | { readonly kind: "port"; readonly host: string; readonly port: number; readonly text: string };

/**
 * Reads `unix:/run/process-compose.sock` or `http://127.0.0.1:8080`.
 *
 * Prefer the socket: on it only users who may open the file are heard, and it clashes with no port.
 *
 * @throws {SyntaxError} If it is neither, or if something stands after the port.
 */
export function parseSupervisorAddress(text: string): SupervisorAddress {
  const path = /^unix:(?:\/\/)?(\/.+)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: "socket", path, text };
  const url = /^http:\/\//.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.pathname !== "/" || url.search !== "" || url.username !== "") {
    throw new SyntaxError(
      `Cannot read the supervisor's address: expected "unix:/path" or "http://host:port", got "${text}"`,
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return { kind: "port", host, port: Number(url.port || 80), text };
}
