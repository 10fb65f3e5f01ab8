const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Gives an address that a page may link to: https, or http on this machine. Null for what is none,
 * such as "javascript:…", which a click would run in this page.
 */
export function safeLink(address: string | undefined): string | null {
  if (address === undefined || !URL.canParse(address)) return null;
  const { protocol, hostname, username, password, href } = new URL(address);
  // A name before the host may pass for the host.
  if (username !== "" || password !== "") return null;
  const isSafe = protocol === "https:" || (protocol === "http:" && LOOPBACK.includes(hostname));
  return isSafe ? href : null;
}
