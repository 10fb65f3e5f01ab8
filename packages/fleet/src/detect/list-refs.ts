/** The refs of a git remote, without a clone and without a git binary, all of them or an error. */
import { SyncError } from "../sync-error.js";
import { boundedRequest } from "./bounded-request.js";
import type { DetectWorld } from "./detect-world.js";
import { type GitRemote, requireType } from "./git-remote.js";
import { type Packet, packet, readFlushedPackets } from "./pkt-lines.js";
import { refusedStatus } from "./refused-status.js";

/** One ref. */
export interface RemoteRef {
  /** In full: `refs/tags/v1.0.0`. */
  readonly name: string;
  /** What it points at: a commit, or an annotated tag's own object. */
  readonly oid: string;
  /** The commit: what an annotated tag leads to, else `oid`. */
  readonly commit: string;
}

const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const NO_OID = /^0+$/;

/**
 * Lists the refs that begin with one of the prefixes. With protocol 2 the server sends no others, so
 * that one ref of 20,000 is one line.
 *
 * @param prefixes `refs/tags/v`; a whole name gives that ref, and those that it is the beginning of.
 * @throws {SyncError} What {@link connectRemote} throws; `LISTING_INCOMPLETE` where anything is missing
 *   of the answer, the last flush packet included.
 */
export async function listRefs(
  remote: GitRemote,
  prefixes: readonly string[],
  world: DetectWorld,
): Promise<RemoteRef[]> {
  const refs =
    remote.speaks.version === 1
      ? readOldRefs(remote.speaks.refs, remote.remote)
      : readRefs(await askForRefs(remote, prefixes, world), remote.remote);
  const names = new Set(refs.map(({ name }) => name));
  if (names.size < refs.length) throw unreadable(remote.remote, "the same ref twice");
  // A server may take the prefixes as a hint.
  return refs.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
}

async function askForRefs(
  remote: GitRemote,
  prefixes: readonly string[],
  world: DetectWorld,
): Promise<Packet[]> {
  const body = [
    ...commandHead(remote, "ls-refs"),
    packet("peel"),
    ...prefixes.map((prefix) => packet(`ref-prefix ${prefix}`)),
    "0000",
  ].join("");
  return readFlushedPackets(await postCommand(remote, body, world), remote.remote);
}

/** The beginning of a protocol 2 request, up to its arguments. */
export function commandHead({ speaks }: GitRemote, command: string): string[] {
  const format = speaks.version === 2 ? speaks.capabilities.get("object-format") : undefined;
  const formatLine =
    format === undefined || format === "sha1" ? [] : [packet(`object-format=${format}`)];
  return [packet(`command=${command}`), ...formatLine, "0001"];
}

/**
 * Sends a protocol 2 request to where the remote finally is.
 *
 * @param isEnough Ends the reading early.
 * @throws {SyncError} See {@link connectRemote}. A redirect is refused: git follows none here either.
 */
export async function postCommand(
  remote: GitRemote,
  body: string,
  world: DetectWorld,
  isEnough?: (soFar: Buffer) => boolean,
): Promise<Buffer> {
  const url = new URL(`${remote.base.href}/git-upload-pack`);
  const headers = {
    ...remote.headers,
    "content-type": "application/x-git-upload-pack-request",
    accept: "application/x-git-upload-pack-result",
  };
  const request = { url, method: "POST", headers, body, ...(isEnough && { isEnough }) } as const;
  const answer = await boundedRequest(request, world);
  if (answer.status !== 200) throw refusedStatus(answer.status, answer.headers, url);
  requireType(answer, "application/x-git-upload-pack-result", remote.remote);
  return answer.bytes;
}

/** gitprotocol-v2, ls-refs: `<oid> SP <name> [SP symref-target:<name>] [SP peeled:<oid>]` */
function readRefs(packets: readonly Packet[], remote: string): RemoteRef[] {
  return packets.map((line) => {
    const [oid = "", name = "", ...attributes] = wordsOf(line, remote);
    const peeled = attributes.find((word) => word.startsWith("peeled:"))?.slice("peeled:".length);
    return refOf(oid, name, peeled ?? oid, remote);
  });
}

/** gitprotocol-pack: `<oid> SP <name>`, capabilities after a NUL in the first, `<name>^{}` peeled. */
function readOldRefs(packets: readonly Packet[], remote: string): RemoteRef[] {
  const refs: RemoteRef[] = [];
  for (const [index, line] of packets.entries()) {
    const text = typeof line === "string" ? line : line.toString("utf8");
    const [oid = "", name = ""] = wordsOf(index === 0 ? cutAtNul(text) : text, remote);
    if (oid === "shallow" || (NO_OID.test(oid) && name === "capabilities^{}")) continue;
    if (!name.endsWith("^{}")) {
      refs.push(refOf(oid, name, oid, remote));
      continue;
    }
    const tag = refs.pop();
    if (tag === undefined || `${tag.name}^{}` !== name) throw unreadable(remote, text);
    refs.push(refOf(tag.oid, tag.name, oid, remote));
  }
  return refs;
}

function cutAtNul(text: string): string {
  return text.split("\0")[0] ?? "";
}

function wordsOf(line: Packet | string, remote: string): string[] {
  if (line === "flush" || line === "delimiter" || line === "response-end") {
    throw unreadable(remote, `a ${line} packet among the refs`);
  }
  return (typeof line === "string" ? line : line.toString("utf8")).split(" ");
}

function refOf(oid: string, name: string, commit: string, remote: string): RemoteRef {
  const isRef = OID.test(oid) && OID.test(commit) && oid.length === commit.length;
  if (!isRef || (name !== "HEAD" && !name.startsWith("refs/"))) {
    throw unreadable(remote, `${oid} ${name}`);
  }
  return { name, oid, commit };
}

function unreadable(remote: string, found: string): SyncError {
  return new SyncError(
    "REMOTE_NOT_GIT",
    `Cannot use the listing of "${remote}": expected a ref a line, got ${JSON.stringify(found.slice(0, 120))}`,
  );
}
