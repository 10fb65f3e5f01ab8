const SCRIPT = /<script\b[^>]*>/gi;

/**
 * Finds the gateway that a page uses: the one that its script tag for tideline.js names.
 *
 * @param page The page's address.
 * @returns The gateway's address with the target as its query; null if there is no such tag.
 */
export function gatewayOfPage(page: string, html: string): string | null {
  for (const [tag] of html.matchAll(SCRIPT)) {
    const source = attribute(tag, "src");
    if (source === null || !URL.canParse(source, page)) continue;
    const script = new URL(source, page);
    if (!/\/tideline\.js$/.test(script.pathname)) continue;
    const named = attribute(tag, "data-gateway");
    const gateway =
      named !== null && URL.canParse(named, page) ? new URL(named, page) : new URL(".", script);
    for (const [name, key] of TARGET) {
      const value = attribute(tag, name);
      if (value !== null) gateway.searchParams.set(key, value);
    }
    return gateway.href;
  }
  return null;
}

const TARGET = [
  ["data-app", "appName"],
  ["data-environment", "environment"],
] as const;

function attribute(tag: string, name: string): string | null {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, "i").exec(tag);
  const text = found?.[1] ?? found?.[2] ?? found?.[3];
  return text === undefined ? null : text.replaceAll("&amp;", "&");
}
