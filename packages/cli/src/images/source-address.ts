import type { Env } from "../terminal.js";

/**
 * Gives the address where people read the sources: what the CI provider says, else the remote's
 * address as a page, without a name or password in it. Null for a folder or an address that is none.
 *
 * @example
 * sourceAddress({}, "git@github.com:acme/shop.git") // "https://github.com/acme/shop"
 */
export function sourceAddress(env: Env, remote: string | null): string | null {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, CI_PROJECT_URL } = env;
  if (GITHUB_SERVER_URL && GITHUB_REPOSITORY) return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`;
  if (CI_PROJECT_URL) return CI_PROJECT_URL;
  if (remote === null) return null;
  // git's short form of ssh: name@host:path, where the path is no port.
  const short = /^(?:[^@/]+@)?([^/:@]+\.[^/:@]+):(?!\/)(.+)$/.exec(remote);
  const address = short ? `https://${short[1]}/${short[2]}` : remote;
  if (!URL.canParse(address)) return null;
  const { protocol, hostname, host, pathname } = new URL(address);
  if (!/^(?:https?|ssh|git):$/.test(protocol) || hostname === "") return null;
  const isPage = protocol === "http:" || protocol === "https:";
  // ssh's port leads to no page.
  const place = isPage ? `${protocol}//${host}` : `https://${hostname}`;
  return `${place}${pathname.replace(/\/$/, "").replace(/\.git$/, "")}`;
}
