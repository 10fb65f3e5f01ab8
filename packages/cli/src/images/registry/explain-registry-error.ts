import { CommandError } from "../../command-error.js";
import type { Repository } from "./image-name.js";

/** What a registry's refusal comes to. */
export type RegistryTrouble =
  /** There is no such tag, digest or repository. */
  | "absent"
  /** It wants to know who asks, or does not let them. */
  | "denied"
  /** A tag that the registry itself keeps from changing. */
  | "immutable"
  /** No connection, no such host, or another protocol. */
  | "away"
  | "tls"
  | "other";

// Kept narrow: what is taken for "absent" is going to be written. A proxy's bare 404 is not.
const ABSENT =
  /manifest unknown|name unknown|repository name not known to registry|MANIFEST_UNKNOWN|NAME_UNKNOWN|not found: (?:artifact|repository) /;
const IMMUTABLE =
  /immutable|cannot be overwritten|already exists in the .* repository|TAG_INVALID|is protected/i;
const DENIED =
  /unauthorized|authentication required|denied|forbidden|invalid username\/password|insufficient_scope|\b40[13]\b/i;
const TLS =
  /HTTP response to HTTPS client|x509|certificate|tls: |TLS handshake|first record does not look like/i;
const AWAY =
  /connection refused|no such host|i\/o timeout|deadline exceeded|connection reset|network is unreachable|no route to host|EOF|\b50[0234]\b|too ?many ?requests|\b429\b/i;

/** Names what a tool's error text means; a text that nobody knows is `"other"`. */
export function classifyRegistryError(message: string): RegistryTrouble {
  if (ABSENT.test(message)) return "absent";
  if (IMMUTABLE.test(message)) return "immutable";
  if (TLS.test(message)) return "tls";
  if (DENIED.test(message)) return "denied";
  if (AWAY.test(message)) return "away";
  return "other";
}

/**
 * Gives the sentence for a registry's error.
 *
 * @param doing What could not be done, for example `'read "ghcr.io/acme/api:4.20.5"'`.
 */
export function explainRegistryError(
  doing: string,
  { host, name }: Repository,
  message: string,
): CommandError {
  const said = lastWords(message);
  const expected = {
    absent: `expected the repository "${name}" in the registry, which has none; create it, or push there once`,
    denied: `expected to be let in by ${host}; log in first (docker login ${host}) as someone who may read and write "${name}"`,
    immutable: `expected to be allowed to set the tag, which ${host} keeps as it is`,
    tls: `expected ${host} to speak HTTPS with a certificate that is trusted here; --insecure-registry does without`,
    away: `expected an answer from ${host}`,
    other: `expected ${host} to take it`,
  }[classifyRegistryError(message)];
  return new CommandError("failed", `Cannot ${doing}: ${expected}, got "${said}"`, {
    cause: message,
  });
}

/** Both tools log lines; the last one is the error, wrapped in what they were doing. */
function lastWords(message: string): string {
  const lines = message.split("\n").filter((line) => line.trim() !== "");
  const fatal = lines.findLast((line) => /level=fatal|^ERROR|^error/i.test(line)) ?? lines.at(-1);
  const quoted = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(fatal ?? "")?.[1];
  const text = quoted === undefined ? (fatal ?? "") : quoted.replaceAll('\\"', "'");
  return text
    .replace(/^ERROR:\s*/, "")
    .replaceAll('"', "'")
    .slice(0, 300);
}
