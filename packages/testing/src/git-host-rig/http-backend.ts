/** Runs `git http-backend`, git's own server side of HTTP, for one request (RFC 3875, CGI). */
import { spawn } from "node:child_process";
import type { IncomingMessage } from "node:http";
import { GIT_ENV } from "../git-rig.js";

/** What it answered, whole. */
export interface BackendAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Answers one request with the repositories below a folder.
 *
 * @param protocol The `Git-Protocol` header to hand on; null for a server that does not know it.
 */
export async function httpBackend(
  root: string,
  request: IncomingMessage,
  body: Buffer,
  protocol: string | null,
): Promise<BackendAnswer> {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...process.env,
      ...GIT_ENV,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"] ?? ""),
      REMOTE_ADDR: "127.0.0.1",
      GIT_PROTOCOL: protocol ?? "",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  // It may end before it has read everything, as when the repository is none.
  child.stdin.on("error", () => {});
  child.stdin.end(body);
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  return parseCgi(Buffer.concat(chunks));
}

function parseCgi(output: Buffer): BackendAnswer {
  const end = output.indexOf("\r\n\r\n");
  const head = output.subarray(0, Math.max(end, 0)).toString("latin1");
  const headers: Record<string, string> = {};
  let status = end === -1 ? 500 : 200;
  for (const line of head.split("\r\n")) {
    const [name = "", value = ""] = line.split(/: (.*)/s);
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else if (name !== "") headers[name.toLowerCase()] = value;
  }
  return { status, headers, body: output.subarray(end + 4) };
}
