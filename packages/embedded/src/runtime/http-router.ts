/** The parts of `convex/server`'s router that the server needs. */
export interface HttpRouter {
  readonly isRouter: true;
  /** Exact paths first, then the longest prefix; null for no route. HEAD counts as GET. */
  lookup(
    path: string,
    method: string,
  ): readonly [handler: HttpHandler, method: string, route: string] | null;
}

export interface HttpHandler {
  invokeHttpAction(request: Request): Promise<Response>;
}

/** True for what `httpRouter()` returns, from whichever copy of `convex/server`. */
export function isHttpRouter(value: unknown): value is HttpRouter {
  return (
    typeof value === "object" && value !== null && "isRouter" in value && value.isRouter === true
  );
}
