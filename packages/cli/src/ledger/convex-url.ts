import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";

/**
 * Gives the address of the Convex deployment: the option, else `CONVEX_URL`, else
 * `CONVEX_SELF_HOSTED_URL`.
 *
 * @throws {CommandError} `usage`, if there is none or it is no http(s) address.
 */
export function convexUrl(env: Env, option: string | undefined): string {
  const candidates = [
    ["--url", option],
    ["CONVEX_URL", env.CONVEX_URL],
    ["CONVEX_SELF_HOSTED_URL", env.CONVEX_SELF_HOSTED_URL],
  ] as const;
  const [source, value] = candidates.find(([, text]) => text?.trim()) ?? [];
  if (source === undefined || value === undefined) {
    throw new CommandError(
      "usage",
      "Cannot reach the ledger: no Convex deployment is named, set CONVEX_URL or use --url",
    );
  }
  const url = URL.canParse(value.trim()) ? new URL(value.trim()) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommandError(
      "usage",
      `Cannot reach the ledger: expected an http or https address in ${source}, got "${value}"`,
    );
  }
  return url.href.replace(/\/+$/, "");
}
