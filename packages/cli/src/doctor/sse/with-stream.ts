import { type Found, skipped } from "../check.js";
import type { Head, OpenStream } from "./open-stream.js";
import type { Visit } from "./visit.js";

/** Runs a check of a stream that was answered with 200; any other is the `stream` check's affair. */
export async function withStream(
  { stream }: Visit,
  look: (head: Head, stream: OpenStream) => Found | Promise<Found>,
): Promise<Found> {
  const { opening } = stream;
  if (opening.kind === "silent") return skipped("the stream was not answered");
  if (opening.kind === "unreachable" || opening.head.status !== 200 || isPage(opening.head)) {
    return skipped("there is no stream");
  }
  return await look(opening.head, stream);
}

/** True if there is a stream: answered with 200, and not by a page. */
export function isStream({ opening }: OpenStream): boolean {
  return opening.kind === "answered" && opening.head.status === 200 && !isPage(opening.head);
}

/** True if a page is answered in place of a stream. */
export function isPage({ headers }: Head): boolean {
  return /^text\/html\b/i.test(headers["content-type"] ?? "");
}
