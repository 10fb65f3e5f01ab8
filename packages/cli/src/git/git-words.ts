import { untrustedOwner } from "@tideline/stamp";

/**
 * Gives what git said as the end of one sentence of ours: without its prefixes, empty lines, hints
 * and the names and passwords that addresses may carry.
 */
export function gitWords(stderr: string): string {
  const owner = untrustedOwner(stderr);
  if (owner !== null) return owner.warning;
  const lines = stderr
    .split("\n")
    .map((line) => line.replace(/^(remote|fatal|error|warning):\s*/, "").trim())
    .filter((line) => line !== "" && !/^(hint:|To |failed to push some refs)/.test(line))
    .map((line) => line.replace(/(\w:\/\/)[^/@\s]+@/g, "$1").replace(/[.,;:]+$/, ""));
  return [...new Set(lines)].slice(0, 8).join("; ") || "git did not say why";
}

/** Says whether git failed at the network, so that trying again may help. */
export function isNetworkTrouble(stderr: string): boolean {
  if (/Permission denied|Authentication failed|returned error: 40[0-7]/i.test(stderr)) return false;
  return /could not resolve host|name resolution|connection (refused|reset|timed out|closed)|couldn't connect|failed to connect|timed out|unreachable|unexpected disconnect|early EOF|hung up unexpectedly|RPC failed|returned error: (408|429|5\d\d)|SSL_(ERROR|read)|TLS connection|shallow(\.lock| file has changed)/i.test(
    stderr,
  );
}
