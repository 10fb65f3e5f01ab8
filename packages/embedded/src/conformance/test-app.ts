/** For tests: a whole server over functions that the test writes down, asked from outside alone. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import type { RunningServer } from "../contract.js";
import { type Files, makeTestFolder, writeFiles } from "../runtime/test-runtime.js";
import { startServer } from "../start-server.js";

export interface TestApp extends RunningServer {
  readonly client: ConvexHttpClient;
  readonly lines: readonly string[];
  /** Runs a function through the HTTP client; the path is `module:name`. */
  query(path: string, args?: Args): Promise<unknown>;
  mutation(path: string, args?: Args): Promise<unknown>;
  action(path: string, args?: Args): Promise<unknown>;
  /** The message of the error that a call ends with, without the line with the request id. */
  errorOf(type: "query" | "mutation" | "action", path: string, args?: Args): Promise<string>;
  /** POSTs JSON to the main port. */
  post(path: string, body: unknown, headers?: { readonly [name: string]: string }): Promise<Answer>;
  dispose(): Promise<void>;
}

export type Args = { readonly [name: string]: unknown };

/** A response with its body read as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: { readonly [field: string]: unknown };
}

/** Starts a server on free ports; modules get `query`, `v` and so on imported. */
export async function startTestApp(files: Files): Promise<TestApp> {
  const root = makeTestFolder();
  writeFiles(root, files);
  const lines: string[] = [];
  const server = await startServer({
    dir: join(root, "convex"),
    data: join(root, "data"),
    port: 0,
    sitePort: 0,
    log: (line) => void lines.push(line),
  });
  const client = new ConvexHttpClient(server.url, { logger: false });
  const calls = {
    query: (path: string, args: Args = {}) =>
      client.query(makeFunctionReference<"query">(path), args),
    mutation: (path: string, args: Args = {}) =>
      client.mutation(makeFunctionReference<"mutation">(path), args),
    action: (path: string, args: Args = {}) =>
      client.action(makeFunctionReference<"action">(path), args),
  };
  return {
    ...server,
    ...calls,
    client,
    lines,
    async errorOf(type, path, args = {}) {
      try {
        const value = await calls[type](path, args);
        return `no error, but ${String(value).slice(0, 200)}`;
      } catch (error) {
        return afterRequestId(String((error as Error).message));
      }
    },
    async post(path, body, headers = {}) {
      const response = await fetch(`${server.url}${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Answer["body"] };
    },
    async dispose() {
      await server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Checks the first line of what a function failed with, and gives the rest. */
export function afterRequestId(message: string): string {
  const match = /^\[Request ID: [0-9a-f]{16}\] Server Error\n/.exec(message);
  return match === null ? `without request id: ${message}` : message.slice(match[0].length);
}
