/**
 * Says what an address is when it answers 404 to a call. Convex serves HTTP actions beside the
 * functions, at an address that is easily taken for theirs.
 */
export function notFoundHint(url: string): string {
  const what = "this is not the address of a Convex deployment's functions";
  const { hostname, port } = new URL(url);
  if (hostname.endsWith(".convex.site")) {
    return `${what}, which is ${url.replace(".convex.site", ".convex.cloud")}`;
  }
  return port === "3211" ? `${what}, which is most often on port 3210` : what;
}
