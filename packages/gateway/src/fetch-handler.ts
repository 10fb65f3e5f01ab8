import type { Answer } from "./answer.js";
import { type Carrier, FetchClient } from "./fetch-client.js";
import type { Hub } from "./hub.js";
import type { Outcome, Request as RoutedRequest } from "./router.js";

/**
 * Answers a `Request`, as Hono, Deno, Bun and service workers have it.
 *
 * @param env What Hono calls `c.env`, and hands over to what is mounted: with `@hono/node-server` it
 *   holds Node's response, so that the connection of a reader that is too slow can be closed.
 */
export type FetchHandler = (request: Request, env?: unknown) => Promise<Response>;

/** Gives a handler over a router and the streams that it opens. */
export function createFetchHandler(
  route: (request: RoutedRequest) => Outcome | Promise<Outcome>,
  hub: Hub,
  maxBehindBytes: number,
): FetchHandler {
  return async (request, env) => {
    const { pathname, search } = new URL(request.url);
    const outcome = await route({
      method: request.method,
      url: pathname + search,
      header: (name) => request.headers.get(name),
    });
    const isHead = request.method === "HEAD";
    if (outcome.kind !== "stream") {
      const { status, headers, body } = outcome.answer;
      const isEmpty = isHead || status === 204 || status === 304;
      return new Response(isEmpty ? null : (body as BodyInit), {
        status,
        headers: portable(headers),
      });
    }
    const headers = portable(outcome.headers);
    if (isHead || request.signal.aborted) return new Response(null, { headers });
    const client = new FetchClient(outcome.join(), carrierOf(env), maxBehindBytes, (gone) =>
      hub.remove(gone),
    );
    hub.add(client);
    return new Response(client.body, { headers });
  };
}

function carrierOf(env: unknown): Carrier | null {
  const { outgoing } = (env ?? {}) as { readonly outgoing?: Partial<Carrier> };
  return typeof outgoing?.destroy === "function" ? (outgoing as Carrier) : null;
}

/** The connection is the server's own affair, and some refuse to be told. */
function portable({ Connection: _, ...headers }: Answer["headers"]): Record<string, string> {
  return headers;
}
