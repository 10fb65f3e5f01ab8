/** Where a gateway's answers are. */
export interface Addresses {
  readonly stream: string;
  readonly version: string;
  readonly health: string;
}

/**
 * Gives the addresses that belong to a gateway's own, its stream's, its /version or its script.
 * The query stays with all of them: it names the target.
 *
 * @example
 * addressesOf("https://example.com/live/?appName=web").stream
 * // "https://example.com/live/events/version?appName=web"
 */
export function addressesOf(url: string): Addresses {
  const given = new URL(url);
  const folder = given.pathname.replace(/(\/(events\/)?version|\/tideline\.js)?\/*$/, "");
  const at = (path: string) => {
    const address = new URL(given);
    address.pathname = `${folder}${path}`;
    address.hash = "";
    return address.href;
  };
  return { stream: at("/events/version"), version: at("/version"), health: at("/healthz") };
}
