/**
 * What a build leaves, so that its binary can be published later: for another job
 * `<folder>/<platform>/build.json` beside a copy, for this machine `builds/<name>.json` in the state.
 */
import { copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OID, PLATFORM, SHA256 } from "@tideline/version/fleet";
import * as v from "valibot";
import { hashFile } from "../artifact/hash-file.js";
import type { SubsystemConfig } from "../config/sync-config.js";
import { makeFolder } from "../make-folder.js";
import { SyncError } from "../sync-error.js";
import { replaceFile } from "../write-file.js";

const NOTE_NAME = "build.json";

const Note = v.strictObject({
  format: v.literal(1),
  subsystem: v.string(),
  version: v.string(),
  platform: v.pipe(v.string(), v.regex(PLATFORM)),
  /** The binary's. */
  sha256: v.pipe(v.string(), v.regex(SHA256)),
  commit: v.pipe(v.string(), v.regex(OID)),
  /** ms since epoch. */
  committedAt: v.pipe(v.number(), v.integer()),
  tag: v.nullable(v.string()),
  /** Null where the configuration named the commit. */
  remote: v.nullable(v.string()),
});

/** @see file */
export type BuildNote = v.InferOutput<typeof Note>;

/** Builds of one commit, one for each platform. */
export interface NotedBuilds {
  readonly note: BuildNote;
  readonly files: readonly { readonly platform: string; readonly path: string }[];
}

/** Copies a built binary into `<folder>/<platform>/`, with its note; gives the binary's place. */
export async function writeBuild(
  folder: string,
  { binary }: Pick<SubsystemConfig, "binary">,
  output: string,
  facts: Omit<BuildNote, "format" | "sha256">,
): Promise<string> {
  const to = join(folder, facts.platform);
  await mkdir(to, { recursive: true });
  const path = join(to, basename(binary));
  await copyFile(output, path);
  await writeNote(join(to, NOTE_NAME), path, facts);
  return path;
}

/** Notes what the output of a build on this machine is. */
export async function noteOutput(
  state: string,
  output: string,
  facts: Omit<BuildNote, "format" | "sha256">,
): Promise<void> {
  const path = outputNotePath(state, facts.subsystem);
  await makeFolder(dirname(path), 0o700);
  await writeNote(path, output, facts);
}

/**
 * Reads what the output of a subsystem's last build on this machine is; null if nobody has noted it,
 * or it is another file by now.
 */
export async function readOutput(
  state: string,
  { name, source }: Pick<SubsystemConfig, "name" | "source">,
): Promise<NotedBuilds | null> {
  if (source === null) return null;
  const note = await readNote(outputNotePath(state, name), name).catch(() => null);
  const found = await hashFile(source.output).catch(() => null);
  if (note === null || note.subsystem !== name || found?.sha256 !== note.sha256) return null;
  return { note, files: [{ platform: note.platform, path: source.output }] };
}

function outputNotePath(state: string, name: string): string {
  return join(state, "builds", `${name}.json`);
}

async function writeNote(
  path: string,
  binary: string,
  facts: Omit<BuildNote, "format" | "sha256">,
): Promise<void> {
  const { sha256 } = await hashFile(binary);
  const note: BuildNote = { format: 1, ...facts, sha256 };
  await replaceFile(path, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o644 });
}

/**
 * Reads the builds below a folder, as jobs of CI have collected them.
 *
 * @throws {SyncError} `OUTPUT_MISSING` if there is none; `OUTPUT_STALE` if they are not all of one
 *   commit and this subsystem, or a binary is not the one that was noted.
 */
export async function readBuilds(
  folder: string,
  { name, binary }: Pick<SubsystemConfig, "name" | "binary">,
): Promise<NotedBuilds> {
  const platforms = (await readdir(folder).catch(() => [])).filter((one) => PLATFORM.test(one));
  const builds: { note: BuildNote; path: string }[] = [];
  for (const platform of platforms.sort()) {
    const path = join(folder, platform, basename(binary));
    builds.push({ note: await readNote(join(folder, platform, NOTE_NAME), name), path });
    await requireNoted(builds.at(-1), platform, name);
  }
  const [first] = builds;
  if (first === undefined) {
    throw new SyncError(
      "OUTPUT_MISSING",
      `Cannot publish ${name}: expected builds in "${folder}", one folder for each platform, got none`,
    );
  }
  const other = builds.find(
    ({ note }) => note.commit !== first.note.commit || note.version !== first.note.version,
  );
  if (other !== undefined) {
    throw new SyncError(
      "OUTPUT_STALE",
      `Cannot publish ${name}: expected builds of one commit, got ${first.note.commit} for ${first.note.platform} and ${other.note.commit} for ${other.note.platform}`,
    );
  }
  const files = builds.map(({ note, path }) => ({ platform: note.platform, path }));
  return { note: first.note, files };
}

async function readNote(path: string, name: string): Promise<BuildNote> {
  try {
    return v.parse(Note, JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new SyncError("OUTPUT_MISSING", `Cannot publish ${name}: expected a note at "${path}"`, {
      cause,
    });
  }
}

async function requireNoted(
  build: { readonly note: BuildNote; readonly path: string } | undefined,
  platform: string,
  name: string,
): Promise<void> {
  if (build === undefined) return;
  const { note, path } = build;
  const found = await hashFile(path).catch(() => null);
  const isIt = note.subsystem === name && note.platform === platform;
  if (isIt && found?.sha256 === note.sha256) return;
  throw new SyncError(
    "OUTPUT_STALE",
    `Cannot publish "${path}": expected ${note.subsystem} for ${note.platform} with sha256 ${note.sha256}, got ${found?.sha256 ?? "no file"} for ${platform}`,
  );
}
