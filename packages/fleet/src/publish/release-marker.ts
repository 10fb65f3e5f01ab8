/**
 * The line in a release's notes by which publishers know it among all of a repository's: of which
 * subsystem it is, and which `seq` it has or, as a draft, lays claim to. It is a hint for finding
 * things; what a release is worth is in its signed manifest.
 */
import { MAX_SEQ } from "@tideline/version/fleet";

/** What the line says. */
export interface ReleaseMarker {
  readonly subsystem: string;
  readonly seq: number;
  /** Who publishes it; the same for a run that continues another. */
  readonly by: string;
  /** When that began; ms since epoch, by the publisher's clock. */
  readonly at: number;
}

const MARKER = /^<!-- tideline-release (\{[^\n]{1,500}\}) -->$/m;

/** Gives notes for people with the line at their end; GitHub shows it to nobody. */
export function withMarker(notes: string, { subsystem, seq, by, at }: ReleaseMarker): string {
  // What the publisher wrote shall not pass for the line.
  const text = notes.replaceAll("<!-- tideline-release", "<!-- ").trimEnd();
  // A comment ends at the first "-->".
  const markerJson = JSON.stringify({ subsystem, seq, by, at }).replaceAll(">", "\\u003e");
  const marker = `<!-- tideline-release ${markerJson} -->`;
  return text === "" ? `${marker}\n` : `${text}\n\n${marker}\n`;
}

/** Reads the line; null if there is none that can be read. */
export function readMarker(notes: string): ReleaseMarker | null {
  const [, text] = MARKER.exec(notes.replaceAll("\r\n", "\n")) ?? [];
  if (text === undefined) return null;
  try {
    const { subsystem, seq, by, at } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const isSeq = Number.isInteger(seq) && Number(seq) >= 1 && Number(seq) <= MAX_SEQ;
    if (typeof subsystem !== "string" || !isSeq) return null;
    return { subsystem, seq: Number(seq), by: String(by), at: Number(at) };
  } catch {
    return null; // Somebody has edited it: the release is found by its file instead.
  }
}
