/** The `.version` beside a binary: the three lines that every subsystem's build writes, and two of ours. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../write-file.js";

/** What `.version` says of the binary beside it. */
export interface VersionFile {
  /** 7 to 64 hex digits; null where it was built from no commit, written as `none`. */
  readonly commit: string | null;
  /** When it was built or installed; ms since epoch, written as ISO 8601 in UTC, whole seconds. */
  readonly timestamp: number;
  /** sha256 of the binary beside it. */
  readonly checksum: string;
  /** Ours; null in a file that a subsystem's own build has written. */
  readonly version: string | null;
  /** Ours, like `version`. */
  readonly seq: number | null;
}

/** What was found where `.version` should be. */
export type VersionFileReading =
  | { readonly state: "read"; readonly file: VersionFile }
  | { readonly state: "absent" }
  | { readonly state: "unreadable"; readonly problem: string };

/**
 * Reads `.version` in a folder. Strict: a line that is unknown, doubled or of another shape makes the
 * whole file unreadable, since nobody can then say what the rest is worth.
 *
 * @throws Only what the file system says beyond a missing file.
 */
export async function readVersionFile(folder: string): Promise<VersionFileReading> {
  try {
    return parseVersionFile(await readFile(join(folder, VERSION_FILE_NAME), "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { state: "absent" };
    if (code === "EISDIR") return { state: "unreadable", problem: "it is a folder" };
    throw error;
  }
}

/** Replaces `.version` in a folder as a whole, readable for everybody. */
export async function writeVersionFile(folder: string, file: VersionFile): Promise<void> {
  await replaceFile(join(folder, VERSION_FILE_NAME), formatVersionFile(file), { mode: 0o644 });
}

/** @see VersionFile */
export const VERSION_FILE_NAME = ".version";

/** Gives the text of a `.version`; what {@link parseVersionFile} reads back. */
export function formatVersionFile(file: VersionFile): string {
  const lines = [
    `commit: ${file.commit ?? "none"}`,
    `timestamp: ${new Date(file.timestamp).toISOString().replace(/\.\d{3}Z$/, "Z")}`,
    `checksum: ${file.checksum}`,
  ];
  if (file.version !== null) lines.push(`version: ${file.version}`);
  if (file.seq !== null) lines.push(`seq: ${file.seq}`);
  return `${lines.join("\n")}\n`;
}

/** Reads the text of a `.version`; pure. */
export function parseVersionFile(text: string): VersionFileReading {
  if (text.length > MAX_CHARACTERS) return unreadable(`it has ${text.length} characters`);
  const values = new Map<string, string>();
  for (const line of text.replace(/\r?\n$/, "").split(/\r?\n/)) {
    const [, key, value] = LINE.exec(line) ?? [];
    const shape = key === undefined ? undefined : SHAPES[key];
    if (key === undefined || value === undefined || shape === undefined) {
      return unreadable(`the line ${JSON.stringify(line.slice(0, 80))} is unknown`);
    }
    if (values.has(key)) return unreadable(`"${key}" is there twice`);
    if (!shape(value)) return unreadable(`"${key}" is ${JSON.stringify(value.slice(0, 80))}`);
    values.set(key, value);
  }
  const [commit, timestamp, checksum] = ["commit", "timestamp", "checksum"].map((key) =>
    values.get(key),
  );
  if (commit === undefined || timestamp === undefined || checksum === undefined) {
    return unreadable("commit, timestamp and checksum are not all there");
  }
  const seq = values.get("seq");
  return {
    state: "read",
    file: {
      commit: commit === "none" ? null : commit,
      timestamp: Date.parse(timestamp),
      checksum,
      version: values.get("version") ?? null,
      seq: seq === undefined ? null : Number(seq),
    },
  };
}

const MAX_CHARACTERS = 4096;
const LINE = /^([a-z]+): (\S.*)$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;
const SHAPES: Readonly<Record<string, (value: string) => boolean>> = {
  commit: (value) => /^([0-9a-f]{7,64}|none)$/.test(value),
  timestamp: (value) => TIME.test(value) && !Number.isNaN(Date.parse(value)),
  checksum: (value) => /^[0-9a-f]{64}$/.test(value),
  version: (value) => /^[\x21-\x7e]{1,200}$/.test(value),
  seq: (value) => /^(0|[1-9]\d{0,15})$/.test(value) && Number.isSafeInteger(Number(value)),
};

function unreadable(problem: string): VersionFileReading {
  return { state: "unreadable", problem };
}
