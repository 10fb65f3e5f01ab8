/** The main port: which request goes to which route. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Log } from "../log.js";
import type { AdminKey } from "./admin-key.js";
import { outcomeJson, sendError, sendJson, sendText } from "./answer.js";
import { API_ROUTES, type ApiContext, notSupported, parseCall } from "./api-routes.js";
import { allowOrigins, answerPreflight } from "./cors.js";
import { HttpError } from "./http-error.js";
import { identify } from "./identify.js";
import { readJsonObject } from "./read-body.js";

export interface ApiHandlerOptions extends ApiContext {
  readonly adminKey: AdminKey;
  readonly log: Log;
  /** The package's version. */
  readonly version: string;
  /** Where `/http/*` goes. */
  readonly handleHttpAction: (
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ) => Promise<void>;
}

// Arguments are limited to 16 MiB; the rest is room for their encoding.
const MAX_BODY_BYTES = 24 * 1_048_576;

/** Answers every request on the main port; never rejects. */
export function createApiHandler(
  options: ApiHandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    try {
      await answer(options, request, response);
    } catch (error) {
      if (!(error instanceof HttpError)) {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        // Without the query, which may hold the admin key.
        const path = request.url?.split("?")[0];
        options.log.line(`Request ${request.method} ${path} failed: ${text}`);
      }
      sendError(response, error);
    }
  };
}

async function answer(
  options: ApiHandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = parseUrl(request.url ?? "/");
  const path = url.pathname;
  options.log.verbose(`${request.method} ${path}`);
  if (path === "/http" || path.startsWith("/http/")) {
    await options.handleHttpAction(request, response, (request.url ?? "").slice(5) || "/");
    return;
  }
  const text = plainText(path, options.version);
  if (text !== null) {
    sendText(response, 200, text);
    return;
  }
  if (!path.startsWith("/api/")) {
    throw new HttpError(404, "NotFound", `No route for "${path}"`);
  }
  allowOrigins(request, response);
  if (request.method === "OPTIONS") {
    answerPreflight(request, response);
    return;
  }
  const json = await answerApi(options, request, url);
  if (json === null) response.writeHead(200, { "Content-Length": 0 }).end();
  else sendJson(response, 200, json);
}

function parseUrl(path: string): URL {
  try {
    return new URL(`http://localhost${path}`);
  } catch (error) {
    throw new HttpError(400, "BadUrl", `Cannot read ${JSON.stringify(path)} as a URL: ${error}`);
  }
}

function plainText(path: string, version: string): string | null {
  switch (path) {
    case "/":
      return "This Convex deployment is running. See https://docs.convex.dev/.";
    case "/instance_name":
      return "tideline-embedded";
    case "/instance_version":
    case "/version":
      return version;
    default:
      return null;
  }
}

async function answerApi(
  options: ApiHandlerOptions,
  request: IncomingMessage,
  url: URL,
): Promise<string | null> {
  const { method } = request;
  const path = url.pathname;
  if (path === "/api/query" && method === "GET") return queryByUrl(options, request, url);
  if (path.startsWith("/api/storage/")) throw notSupported(`File storage ("${method} ${path}")`);
  const route = Object.hasOwn(API_ROUTES, path) ? API_ROUTES[path] : undefined;
  const functionPath = runPath(path);
  if (route === undefined && functionPath === null) throw notSupported(`"${method} ${path}"`);
  if (method !== "POST") {
    throw new HttpError(405, "MethodNotAllowed", `"${path}" takes POST, not ${method}`);
  }
  const identity = identify(request, url, options.adminKey);
  if (path === "/api/query_ts" && route !== undefined) {
    return route(options, { identity, body: {} });
  }
  const body = await readJsonObject(request, MAX_BODY_BYTES);
  if (route !== undefined) return route(options, { identity, body });
  const { call, format } = parseCall({ ...body, path: functionPath }, identity);
  return outcomeJson(await options.calls.any(call), format);
}

async function queryByUrl(
  options: ApiHandlerOptions,
  request: IncomingMessage,
  url: URL,
): Promise<string> {
  const identity = identify(request, url, options.adminKey);
  const { searchParams } = url;
  let args: unknown;
  try {
    args = JSON.parse(searchParams.get("args") ?? "{}");
  } catch {
    throw new HttpError(400, "BadArgs", `Parameter "args" must be JSON`);
  }
  const format = searchParams.get("format") ?? undefined;
  const parsed = parseCall({ path: searchParams.get("path"), args, format }, identity);
  return outcomeJson(await options.calls.query(parsed.call, null), parsed.format);
}

/** `/api/run/folder/module/function` names the function in its path. */
function runPath(path: string): string | null {
  const match = /^\/api\/run\/(.+)\/([^/]+)$/.exec(path);
  return match === null ? null : `${match[1]}:${match[2]}`;
}
