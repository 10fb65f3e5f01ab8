import type { EventBlock } from "./event-blocks.js";
import type { OpenStream } from "./open-stream.js";

/** The event that carries the version. */
export const VERSION_EVENT = "version_update";

/** What a gateway says of a version; of other servers only `version` is sure. */
export interface VersionData {
  readonly version: string | null;
  readonly stale: boolean;
}

/** Gives the first event of a stream so far, whatever it is. */
export function firstEvent({ blocks }: OpenStream): EventBlock | null {
  return blocks.find(({ event }) => event !== null) ?? null;
}

/** Reads the data of a version event, or the body of /version; null if it is something else. */
export function readVersionData(text: string): VersionData | null {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof data !== "object" || data === null || !("version" in data)) return null;
  const { version, stale } = data as { readonly version: unknown; readonly stale?: unknown };
  if (version !== null && typeof version !== "string") return null;
  return { version, stale: stale === true };
}
