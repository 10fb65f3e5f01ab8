import { connect } from "node:tls";
import { networkReason } from "../../../network-reason.js";
import { type Check, checked } from "../../check.js";
import { shown } from "../shown.js";
import type { Visit } from "../visit.js";
import { withStream } from "../with-stream.js";

/** The stream's HTTP leaves room for the page's own requests. */
export const httpVersion: Check<Visit> = {
  name: "http-version",
  promise: "the version of HTTP is fit for streams",
  look: (visit) =>
    withStream(visit, async ({ httpVersion }, { address: where }) => {
      if (httpVersion.startsWith("1.0") || httpVersion.startsWith("0")) {
        const problem = `it is answered by HTTP/${shown(httpVersion)}, in which connections do not stay`;
        const fix = "HTTP/1.1; in nginx proxy_http_version 1.1";
        return checked([{ level: "fail", where, problem, fix }]);
      }
      if (!where.startsWith("https:")) {
        return checked(
          [],
          "HTTP/1.1; a browser opens six connections to a host, and one stream for all its tabs is one of them",
        );
      }
      const chosen = await negotiated(new URL(where), visit);
      if (chosen === "h2")
        return checked([], "HTTP/2 is offered: streams and requests share a connection");
      const problem =
        "HTTP/2 is not offered: a browser opens six connections to a host, and a stream takes one";
      const fix = "offer HTTP/2 (in nginx listen 443 ssl http2, since 1.25.1 http2 on)";
      return checked([{ level: "warn", where, problem, fix }]);
    }),
};

/** What a server chooses of what browsers offer it; null if it chooses nothing. */
async function negotiated(
  { hostname, port }: URL,
  { signal, patienceMs }: Visit,
): Promise<string | null> {
  const host = hostname.replace(/^\[|\]$/g, "");
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: port === "" ? 443 : Number(port),
      // Names of hosts only: TLS knows no addresses there (RFC 6066 3).
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      ALPNProtocols: ["h2", "http/1.1"],
      timeout: patienceMs,
    });
    const stop = () => socket.destroy(new Error("it was stopped"));
    signal.addEventListener("abort", stop, { once: true });
    socket.once("timeout", () => socket.destroy(new Error("no TLS connection in time")));
    socket.once("error", (error) => reject(new Error(networkReason(error))));
    socket.once("close", () => signal.removeEventListener("abort", stop));
    socket.once("secureConnect", () => {
      resolve(socket.alpnProtocol || null);
      socket.end();
    });
  });
}
