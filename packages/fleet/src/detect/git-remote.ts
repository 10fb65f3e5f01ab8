/**
 * A git server over HTTP as it introduces itself: where it finally is, and which protocol it speaks
 * (git's Documentation/gitprotocol-http and gitprotocol-v2). What its refs are is list-refs.ts.
 */
import { isSafeAddress } from "../config/config-schema.js";
import { SyncError } from "../sync-error.js";
import { type BoundedAnswer, boundedRequest } from "./bounded-request.js";
import type { DetectWorld } from "./detect-world.js";
import { type Packet, readFlushedPackets } from "./pkt-lines.js";
import { refusedStatus } from "./refused-status.js";
import { parseRemoteUrl } from "./remote-url.js";

/** A remote that has answered. */
export interface GitRemote {
  /** As the configuration names it. */
  readonly remote: string;
  /** Where the last redirect led; every further request goes there. */
  readonly base: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly speaks:
    | { readonly version: 2; readonly capabilities: ReadonlyMap<string, string> }
    /** An older server has told all its refs already. */
    | { readonly version: 1; readonly refs: readonly Packet[] };
}

const MAX_REDIRECTS = 5;
const ADVERTISEMENT = "application/x-git-upload-pack-advertisement";
const SERVICE = "/info/refs?service=git-upload-pack";

/**
 * Asks a remote what it speaks.
 *
 * Redirects are followed by hand: each has to lead to the same request below another safe address,
 * as git itself demands, and the address is kept, since a POST that is redirected becomes a GET.
 *
 * @throws {SyncError} `REMOTE_UNUSABLE`, `REMOTE_UNREACHABLE`, `REMOTE_TIMED_OUT`,
 *   `REMOTE_UNAUTHORIZED`, `REMOTE_NOT_FOUND`, `REMOTE_UNAVAILABLE`, `RATE_LIMITED`, `REMOTE_NOT_GIT`,
 *   `LISTING_INCOMPLETE`, `LISTING_TOO_LARGE`.
 */
export async function connectRemote(remote: string, world: DetectWorld): Promise<GitRemote> {
  const first = parseRemoteUrl(remote);
  let headers: Record<string, string> = { "git-protocol": "version=2" };
  let url = new URL(`${first.href}${SERVICE}`);
  let answer: BoundedAnswer;
  for (let redirects = 0; ; redirects += 1) {
    answer = await boundedRequest({ url, method: "GET", headers }, world);
    const token = answer.status === 401 ? (world.tokenFor?.(url) ?? null) : null;
    if (token !== null && headers.authorization === undefined) {
      // GitHub's convention for tokens in place of passwords.
      const credentials = Buffer.from(`x-access-token:${token}`).toString("base64");
      headers = { ...headers, authorization: `Basic ${credentials}` };
      continue;
    }
    if (answer.status < 300 || answer.status > 399) break;
    if (redirects === MAX_REDIRECTS) {
      throw new SyncError(
        "REMOTE_UNUSABLE",
        `Cannot ask "${remote}": expected at most ${MAX_REDIRECTS} redirects, got more`,
      );
    }
    const next = redirectOf(answer, url);
    if (next.origin !== url.origin) headers = { "git-protocol": "version=2" };
    url = next;
  }
  if (answer.status !== 200) throw refusedStatus(answer.status, answer.headers, url);
  requireType(answer, ADVERTISEMENT, remote);
  const base = new URL(url);
  base.pathname = base.pathname.slice(0, -"/info/refs".length);
  base.search = "";
  return { remote, base, headers, speaks: readAdvertisement(answer.bytes, remote) };
}

/** @throws {SyncError} `REMOTE_NOT_GIT` if the answer is of another type: a page, most often. */
export function requireType({ headers }: BoundedAnswer, type: string, remote: string): void {
  const found = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "nothing";
  if (found === type) return;
  throw new SyncError(
    "REMOTE_NOT_GIT",
    `Cannot use the answer of "${remote}": expected ${type}, got "${found}"`,
  );
}

function redirectOf({ headers, status }: BoundedAnswer, from: URL): URL {
  const location = headers.get("location") ?? "";
  const next = URL.canParse(location, from) ? new URL(location, from) : null;
  const isSafe =
    next !== null &&
    isSafeAddress(next.href) &&
    (from.protocol === "http:" || next.protocol === "https:");
  if (!isSafe) {
    throw new SyncError(
      "REMOTE_UNUSABLE",
      `Cannot follow "${from.href}": expected a redirect to https:, got ${status} to "${location}"`,
    );
  }
  // A captive portal redirects to its own page; git refuses that in the same way.
  if (!next.pathname.endsWith("/info/refs") || next.search !== "?service=git-upload-pack") {
    throw new SyncError(
      "REMOTE_NOT_GIT",
      `Cannot follow "${from.href}": expected a redirect to another ${SERVICE}, got ${status} to "${location}"`,
    );
  }
  return next;
}

function readAdvertisement(bytes: Buffer, remote: string): GitRemote["speaks"] {
  const packets = readFlushedPackets(bytes, remote);
  // gitprotocol-http: the service's name and a flush come first; with protocol 2 they may be absent.
  const isNamed = textOf(packets[0]) === "# service=git-upload-pack";
  if (isNamed && packets[1] !== "flush") {
    throw new SyncError(
      "LISTING_INCOMPLETE",
      `Cannot use the answer of "${remote}": expected refs after the service's name, got no more`,
    );
  }
  const rest = isNamed ? packets.slice(2) : packets;
  if (!isNamed && rest.length === 0) {
    throw new SyncError(
      "LISTING_INCOMPLETE",
      `Cannot use the answer of "${remote}": expected the service's name, got an end alone`,
    );
  }
  if (rest.some((one) => typeof one === "string")) {
    throw new SyncError(
      "REMOTE_NOT_GIT",
      `Cannot use the answer of "${remote}": expected one flush at its end, got others before it`,
    );
  }
  if (textOf(rest[0]) !== "version 2") {
    return { version: 1, refs: textOf(rest[0]) === "version 1" ? rest.slice(1) : rest };
  }
  const capabilities = new Map(
    rest.slice(1).map((one) => {
      const [name = "", value = ""] = (textOf(one) ?? "").split(/=(.*)/s);
      return [name, value] as const;
    }),
  );
  if (!capabilities.has("ls-refs")) {
    throw new SyncError(
      "REMOTE_NOT_GIT",
      `Cannot ask "${remote}": expected a server that lists refs, got one that does not`,
    );
  }
  return { version: 2, capabilities };
}

function textOf(packet: Packet | undefined): string | null {
  return packet === undefined || typeof packet === "string" ? null : packet.toString("utf8");
}
