/** `.version-manifest.json`: what the last look at each upstream came to, for people and scripts. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { SyncConfig } from "../config/sync-config.js";
import { replaceFile } from "../write-file.js";
import type { CheckedSubsystem } from "./checked-subsystem.js";

/** One subsystem. Tags are left out where there is none; times are ISO 8601 in UTC, whole seconds. */
export interface ManifestRow {
  readonly name: string;
  /** Null for what is only installed from releases that name no upstream. */
  readonly upstream_repo: string | null;
  readonly current_commit: string | null;
  readonly current_tag?: string;
  readonly latest_commit: string | null;
  readonly latest_tag?: string;
  readonly update_available: boolean;
  /** When what is installed was; null if nothing is. */
  readonly last_updated: string | null;
  /** From here on ours. */
  readonly strategy: string;
  readonly override: string | null;
  readonly state: string;
  readonly reason: string | null;
  readonly detail: string | null;
}

/** The whole file. */
export interface VersionManifest {
  readonly last_check: string;
  readonly subsystems: Readonly<Record<string, ManifestRow>>;
}

const nullable = v.nullable(v.string());
const Row = v.object({
  name: v.string(),
  upstream_repo: nullable,
  current_commit: nullable,
  current_tag: v.exactOptional(v.string()),
  latest_commit: nullable,
  latest_tag: v.exactOptional(v.string()),
  update_available: v.boolean(),
  last_updated: nullable,
  strategy: v.string(),
  override: nullable,
  state: v.string(),
  reason: nullable,
  detail: nullable,
});
const Manifest = v.object({ last_check: v.string(), subsystems: v.record(v.string(), Row) });

/** Where it lies: beside the configuration. */
export function manifestPath({ folder }: Pick<SyncConfig, "folder">): string {
  return join(folder, ".version-manifest.json");
}

/** Reads it; null if there is none, or none that is ours: it is made anew from the upstreams. */
export async function readManifest(path: string): Promise<VersionManifest | null> {
  try {
    const parsed = v.safeParse(Manifest, JSON.parse(await readFile(path, "utf8")));
    return parsed.success ? parsed.output : null;
  } catch (error) {
    const isUnreadable = error instanceof SyntaxError;
    if (isUnreadable || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/**
 * Puts checks into it, as a whole file at once. Rows of other subsystems stay as they are, and a
 * subsystem that an alarm stops keeps what was its latest.
 *
 * @param known Every configured subsystem; rows of others are dropped.
 */
export async function mergeIntoManifest(
  path: string,
  checks: readonly CheckedSubsystem[],
  known: ReadonlySet<string>,
  now: number,
): Promise<void> {
  const before = (await readManifest(path))?.subsystems ?? {};
  const rows = new Map(Object.entries(before).filter(([name]) => known.has(name)));
  for (const check of checks) rows.set(check.name, rowOf(check, rows.get(check.name)));
  const ordered = [...known].flatMap((name) => {
    const row = rows.get(name);
    return row === undefined ? [] : [[name, row] as const];
  });
  const manifest = { last_check: isoTime(now), subsystems: Object.fromEntries(ordered) };
  await replaceFile(path, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o644 });
}

/** One check as a row; `before` gives the latest where the check gives none. */
export function rowOf(check: CheckedSubsystem, before: ManifestRow | undefined): ManifestRow {
  const { name, current, latest, strategy, override, state, reason, detail } = check;
  const latestTag = latest === null ? before?.latest_tag : (latest.tag ?? undefined);
  return {
    name,
    upstream_repo: check.upstreamRepo,
    current_commit: current.commit,
    ...(check.currentTag !== null && { current_tag: check.currentTag }),
    latest_commit: latest?.commit ?? before?.latest_commit ?? null,
    ...(latestTag !== undefined && { latest_tag: latestTag }),
    update_available: check.isAvailable,
    last_updated: current.updatedAt === null ? null : isoTime(current.updatedAt),
    ...{ strategy, override, state, reason, detail },
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}
