import { CommandError } from "../../command-error.js";
import { masked, publicAddress } from "../../record/public-address.js";
import { type Addresses, addressesOf } from "./addresses.js";
import { ask } from "./ask.js";
import type { Credentials } from "./credentials.js";
import { type Page, readPage } from "./read-page.js";

/** Which gateway an address means, and how that was found out. */
export interface FoundGateway {
  readonly addresses: Addresses;
  /** The page at the address; null if there is none. */
  readonly page: Page | null;
  readonly credentials: Credentials | null;
}

/** How to look for it. */
export interface FindGatewayOptions {
  readonly signal: AbortSignal;
  /** How long the page may take. */
  readonly timeoutMs: number;
}

const OWN_PATH = /\/(events\/version|version|tideline\.js)\/*$/;

/**
 * Finds the gateway that an address means: its own, one of its answers, or a page that carries its
 * script tag. An address that says neither is taken for the gateway's own. A name and a password in
 * the address are for its host alone.
 *
 * @throws {CommandError} `usage`, if it is no http or https address.
 */
export async function findGateway(
  text: string,
  options: FindGatewayOptions,
): Promise<FoundGateway> {
  if (!URL.canParse(text) || !/^https?:/i.test(text)) {
    throw new CommandError(
      "usage",
      `Cannot look at a gateway: expected an http or https address, got "${masked(text)}"`,
    );
  }
  const { url, authorization } = publicAddress("<url>", text);
  const credentials =
    authorization === null ? null : { origin: new URL(url).origin, authorization };
  const own = { addresses: addressesOf(url), page: null, credentials };
  if (OWN_PATH.test(new URL(url).pathname)) return own;
  const headers = { accept: "text/html,*/*;q=0.1" };
  const answer = await ask(url, { ...options, credentials, headers });
  if (answer.kind === "unreachable") return own;
  const page = readPage(withoutPassword(answer.url), answer.body);
  if (page.gateway !== null) {
    return { addresses: addressesOf(withoutPassword(page.gateway)), page, credentials };
  }
  const isPage =
    answer.status === 200 && /^text\/html\b/i.test(answer.headers.get("content-type") ?? "");
  return isPage ? { ...own, page } : own;
}

function withoutPassword(url: string): string {
  return publicAddress("the page's gateway", url).url;
}
