import { request as ask, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { ScriptError } from "./script-error.js";

// RFC 9110 7.6.1: these are about one connection, and there are two here.
const HOP_BY_HOP = [
  ...["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"],
  ...["upgrade", "proxy-authenticate", "proxy-authorization"],
];

/**
 * Passes requests on to a server behind this one, and its answers back piece by piece as they come,
 * streams of events included. Where it cannot be reached the answer is 502.
 *
 * @param url For example `"http://gateway:8780"`; plain HTTP, since both are on one network.
 * @throws {ScriptError} If that is no such address.
 */
export function passOnTo(url: string): RequestListener {
  const base = URL.canParse(url) ? new URL(url) : null;
  if (base?.protocol !== "http:") {
    throw new ScriptError(
      `Cannot pass requests on to "${url}": expected an address like http://gateway:8780`,
    );
  }
  const prefix = base.pathname.replace(/\/$/, "");
  return (request, response) => {
    const behind = ask(base, {
      method: request.method,
      path: `${prefix}${request.url}`,
      headers: { ...endToEnd(request.headers), host: base.host },
    });
    behind.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      // A stream's first event may be a while away; that it is open is news by itself.
      response.flushHeaders();
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    behind.on("error", () => {
      if (response.headersSent) return response.destroy();
      const body = JSON.stringify({
        code: "BAD_GATEWAY",
        message: "The gateway cannot be reached",
      });
      response.writeHead(502, { "content-type": "application/json", "cache-control": "no-store" });
      response.end(`${body}\n`);
    });
    // Whoever closes a tab must not stay a client of the gateway.
    response.on("close", () => behind.destroy());
    request.pipe(behind);
  };
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}
