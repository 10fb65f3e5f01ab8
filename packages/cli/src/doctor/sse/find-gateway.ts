import { CommandError } from "../../command-error.js";
import { type Addresses, addressesOf } from "./addresses.js";
import { ask } from "./ask.js";
import { gatewayOfPage } from "./gateway-of-page.js";

/** Which gateway an address means, and how that was found out. */
export interface FoundGateway {
  readonly addresses: Addresses;
  /** The origin of the page that names it; null if no page was read. */
  readonly pageOrigin: string | null;
}

const OWN_PATH = /\/(events\/version|version|tideline\.js)\/*$/;

/**
 * Finds the gateway that an address means: its own, one of its answers, or a page that carries its
 * script tag. An address that says neither is taken for the gateway's own.
 *
 * @throws {CommandError} `usage`, if it is no http or https address.
 */
export async function findGateway(url: string, signal: AbortSignal): Promise<FoundGateway> {
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    throw new CommandError(
      "usage",
      `Cannot look at a gateway: expected an http or https address, got "${url}"`,
    );
  }
  if (OWN_PATH.test(new URL(url).pathname)) {
    return { addresses: addressesOf(url), pageOrigin: null };
  }
  const page = await ask(url, { signal, headers: { accept: "text/html,*/*;q=0.1" } });
  const gateway = page.kind === "answered" ? gatewayOfPage(page.url, page.body) : null;
  return gateway !== null && page.kind === "answered"
    ? { addresses: addressesOf(gateway), pageOrigin: new URL(page.url).origin }
    : { addresses: addressesOf(url), pageOrigin: null };
}
