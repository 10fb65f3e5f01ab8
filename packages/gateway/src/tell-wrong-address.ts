/** Where Convex deployments answer queries, see https://docs.convex.dev/http-api. */
const QUERY_PATH = "/api/query";

/**
 * Gives a function that looks once whether there is a Convex deployment at an address at all: to be
 * called while nothing is heard from there. It looks again where nobody answers.
 *
 * @param tell Called with one sentence if something else answers there.
 */
export function tellWrongAddress(
  convexUrl: string,
  tell: (sentence: string) => void,
  ask: typeof fetch = fetch,
): () => Promise<void> {
  let isDone = false;
  return async () => {
    if (isDone) return;
    isDone = true;
    try {
      const response = await ask(`${convexUrl}${QUERY_PATH}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: "{}",
        signal: AbortSignal.timeout(10_000),
      });
      await response.body?.cancel();
      if (response.status !== 404 && response.status !== 405) return;
      tell(
        `Cannot follow deployments: expected a Convex deployment at ${convexUrl}, got ${response.status} for ${QUERY_PATH}; ` +
          "its HTTP actions (….convex.site, port 3211) are no address for this, its own is (….convex.cloud, port 3210)",
      );
    } catch {
      isDone = false;
    }
  };
}
