/**
 * Serves one app's releases over HTTP: pages and version.json of the current release, and the
 * hashed assets of every release that is still there, so that a tab that was opened before a
 * deployment can load the rest of itself.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { extname, join } from "node:path";
import { listen } from "./listen.js";
import { currentReleaseNumber, listReleaseNumbers, releaseFolder } from "./releases.js";

/** A site that is served until it is closed. */
export interface SiteHost {
  /** Without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** More about how a site is served. */
export interface SiteHostOptions {
  /** The address to listen on. @default "127.0.0.1", this machine only */
  readonly host?: string;
  /** Answers what a gateway answers (see `GATEWAY_PATHS`). @default nobody does */
  readonly gateway?: RequestListener | undefined;
}

/** What a page asks a gateway for, at its own address. */
export const GATEWAY_PATHS: readonly string[] = [
  "/version",
  "/events/version",
  "/tideline.js",
  "/healthz",
];

/**
 * Serves a site.
 *
 * @param site The folder with `releases/` and `current`; read at every request, so that pointing to
 *   another release is all there is to publishing.
 * @param port 0 takes a free one.
 * @param option The option that changes the port, for the sentence if it cannot be had.
 * @throws {ScriptError} If the port cannot be had.
 */
export async function startSiteHost(
  site: string,
  port: number,
  option: string,
  { host = "127.0.0.1", gateway }: SiteHostOptions = {},
): Promise<SiteHost> {
  const server = createServer((request, response) => {
    if (gateway !== undefined && GATEWAY_PATHS.includes(request.url?.split("?", 1)[0] ?? "")) {
      gateway(request, response);
      return;
    }
    answer(site, request).then(
      (reply) => send(request, response, reply),
      (error: unknown) => {
        console.error(error);
        send(request, response, plain(500, "The page could not be read"));
      },
    );
  });
  const url = await listen(server, host, port, option);
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

// Vite names these by a hash of what is in them.
const HASHED = /^\/assets\//;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
};

async function answer(site: string, request: IncomingMessage): Promise<Reply> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plain(405, "Only GET and HEAD are understood here", { allow: "GET, HEAD" });
  }
  const path = readPath(request.url ?? "/");
  if (path === null) return plain(400, "The address is not one");
  const current = await currentReleaseNumber(site);
  if (current === null) return plain(503, "Nothing is published here yet", { "retry-after": "1" });

  if (HASHED.test(path)) {
    for (const number of await newestFirst(site, current)) {
      const bytes = await readFileIn(releaseFolder(site, number), path);
      if (bytes === null) continue;
      return file(path, bytes, "public, max-age=31536000, immutable");
    }
    return plain(404, "There is no such file");
  }

  const folder = releaseFolder(site, current);
  const name = path.endsWith("/") ? `${path}index.html` : path;
  const bytes = await readFileIn(folder, name);
  if (bytes !== null) return file(name, bytes, "no-cache");
  // A single-page app's own addresses: whoever asks for a page gets the app.
  if (/text\/html/.test(request.headers.accept ?? "")) {
    const page = await readFileIn(folder, "/index.html");
    if (page !== null) return file("/index.html", page, "no-cache");
  }
  return plain(404, "There is no such page");
}

/** Gives the decoded path, or null if it is none or leads out of the folder. */
function readPath(url: string): string | null {
  try {
    // Not `new URL`, which would resolve the dots and hide what was asked for.
    const path = decodeURIComponent(url.split(/[?#]/, 1)[0] ?? "");
    const isInside = path.startsWith("/") && !/[\\\0]|\/\.{1,2}(\/|$)|\/\//.test(path);
    return isInside ? path : null;
  } catch {
    // Malformed percent-encoding.
    return null;
  }
}

async function newestFirst(site: string, current: number): Promise<number[]> {
  const numbers = await listReleaseNumbers(site);
  return [current, ...numbers.filter((number) => number !== current)];
}

async function readFileIn(folder: string, path: string): Promise<Buffer | null> {
  try {
    return await readFile(join(folder, path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR" || code === "ENAMETOOLONG") {
      return null;
    }
    throw error;
  }
}

function file(path: string, body: Buffer, cacheControl: string): Reply {
  return {
    status: 200,
    headers: {
      "content-type": TYPES[extname(path).toLowerCase()] ?? "application/octet-stream",
      "cache-control": cacheControl,
      etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    },
    body,
  };
}

function plain(status: number, sentence: string, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...headers,
    },
    body: Buffer.from(`${sentence}\n`),
  };
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  response.setHeader("x-content-type-options", "nosniff");
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  // RFC 9110 13.1.2: weak comparison, "*" matches whatever there is.
  const known = (request.headers["if-none-match"] ?? "")
    .split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""));
  const { etag } = reply.headers;
  if (etag !== undefined && (known.includes(etag) || known.includes("*"))) {
    response.removeHeader("content-type");
    response.writeHead(304).end();
    return;
  }
  response.setHeader("content-length", reply.body.length);
  response.writeHead(reply.status);
  response.end(request.method === "HEAD" ? undefined : reply.body);
}
