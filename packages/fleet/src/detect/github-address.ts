import { parseRemoteUrl } from "./remote-url.js";

/**
 * Gives where the REST interface of a remote's repository is: that of github.com is at
 * api.github.com, that of every other host below `/api/v3`, as GitHub Enterprise Server has it.
 */
export function githubAddress(remote: string): string {
  const { origin, hostname, pathname } = parseRemoteUrl(remote);
  const api = hostname === "github.com" ? "https://api.github.com" : `${origin}/api/v3`;
  return `${api}/repos${pathname.replace(/\.git$/, "")}`;
}
