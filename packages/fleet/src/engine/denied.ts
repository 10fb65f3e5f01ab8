/**
 * Binaries that failed here, or were revoked. They go by their sha256: a version's name may come
 * again with other bytes, and the same bytes under another name are no better.
 */
import { join } from "node:path";
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
}

/** All denied binaries, by sha256. */
export type Denied = Readonly<Record<string, Denial>>;

export async function readDenied(state: string): Promise<Denied> {
  return await readStateFile(fileOf(state));
}

/**
 * Denies binaries for good. The first reason stays.
 *
 * @param signal Ends the waiting for another process that writes; its reason is thrown then.
 */
export async function deny(
  state: string,
  sha256s: readonly string[],
  denial: Denial,
  signal?: AbortSignal,
): Promise<void> {
  const denied = await readDenied(state);
  if (sha256s.every((sha256) => Object.hasOwn(denied, sha256))) return;
  const change = (before: Denied) => ({
    ...Object.fromEntries(sha256s.map((sha256) => [sha256, denial])),
    ...before,
  });
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
  }),
);
