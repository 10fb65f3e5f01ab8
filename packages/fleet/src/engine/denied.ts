/**
 * Binaries that failed here, or were revoked. They go by their sha256: a version's name may come
 * again with other bytes, and the same bytes under another name are no better.
 *
 * What failed before it was ever swapped in may have failed for what it was asked: the machine's
 * `versionArgs`, a library that it lacked, the version that it was published as.
 */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { ReasonCode } from "@tideline/version/fleet";
import * as v from "valibot";
import { changeStateFile, readStateFile, type StateFile } from "./state-file.js";
import { storedReason } from "./stored-reason.js";

/** Why a binary is not installed again. */
export interface Denial {
  readonly subsystem: string;
  readonly version: string;
  readonly reason: ReasonCode;
  /** ms since epoch; for people only, a denial does not expire. */
  readonly at: number;
  /** Of a binary that was only asked for its version, apart from everything: with what. */
  readonly versionArgs?: readonly string[];
}

/** All denied binaries, by sha256. */
export type Denied = Readonly<Record<string, Denial>>;

export async function readDenied(state: string): Promise<Denied> {
  return await readStateFile(fileOf(state));
}

/**
 * Gives the denial of a binary, if it holds: what was only asked for its version is asked once more as
 * another version, with other arguments, and when somebody says `--now`.
 */
export function denialOf(
  denied: Denied,
  sha256: string,
  asked: {
    readonly version: string | null;
    readonly versionArgs: readonly string[];
    readonly isUrgent: boolean;
  },
): Denial | undefined {
  const denial = Object.hasOwn(denied, sha256) ? denied[sha256] : undefined;
  if (denial?.versionArgs === undefined) return denial;
  const isSame =
    denial.version === asked.version && isDeepStrictEqual(denial.versionArgs, asked.versionArgs);
  return isSame && !asked.isUrgent ? denial : undefined;
}

/**
 * Denies binaries for good. The first reason stays, but for one that may be asked about once more.
 *
 * @param signal Ends the waiting for another process that writes; its reason is thrown then.
 */
export async function deny(
  state: string,
  sha256s: readonly string[],
  denial: Denial,
  signal?: AbortSignal,
): Promise<void> {
  const isForGood = (denied: Denied, sha256: string) =>
    Object.hasOwn(denied, sha256) && denied[sha256]?.versionArgs === undefined;
  const denied = await readDenied(state);
  if (sha256s.every((sha256) => isForGood(denied, sha256))) return;
  const change = (before: Denied) => {
    const others = sha256s.filter((sha256) => !isForGood(before, sha256));
    return { ...before, ...Object.fromEntries(others.map((sha256) => [sha256, denial])) };
  };
  await changeStateFile(state, fileOf(state), change, signal);
}

function fileOf(state: string): StateFile<Denied> {
  return { path: join(state, "denied.json"), schema: SCHEMA, empty: {} };
}

const SCHEMA = v.record(
  v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  v.object({
    subsystem: v.string(),
    version: v.string(),
    reason: storedReason("DENIED"),
    at: v.number(),
    versionArgs: v.exactOptional(v.array(v.string())),
  }),
);
