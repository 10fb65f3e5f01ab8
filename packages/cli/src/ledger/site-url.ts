import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";

/**
 * Gives the address of the deployment's HTTP actions: the option, else `CONVEX_SITE_URL`, else the
 * one that belongs to an address of Convex cloud; null where none of them says it.
 *
 * @param convexUrl The address of the functions, if it is known.
 * @throws {CommandError} `usage`, if the option or the variable is no http(s) address.
 */
export function siteUrl(
  env: Env,
  option: string | undefined,
  convexUrl: string | null,
): string | null {
  const [source, value] = option?.trim()
    ? (["--site-url", option] as const)
    : (["CONVEX_SITE_URL", env.CONVEX_SITE_URL] as const);
  if (value?.trim()) {
    const url = URL.canParse(value.trim()) ? new URL(value.trim()) : null;
    if (url !== null && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, "");
    throw new CommandError(
      "usage",
      `Cannot reach the ledger: expected an http or https address in ${source}, got "${value}"`,
    );
  }
  if (convexUrl === null || !new URL(convexUrl).hostname.endsWith(".convex.cloud")) return null;
  return convexUrl.replace(/\.convex\.cloud/, ".convex.site");
}

/** Gives the address of the functions that belongs to one of HTTP actions, or null. */
export function functionsUrl(siteUrl: string | null): string | null {
  if (siteUrl === null || !new URL(siteUrl).hostname.endsWith(".convex.site")) return null;
  return siteUrl.replace(/\.convex\.site/, ".convex.cloud");
}
