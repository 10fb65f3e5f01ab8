/**
 * How often a machine has tried a release in vain: one try in ten minutes and six in a day. Another
 * release may be tried at once, as it may be the very fix; what was committed does not count.
 */
import { join } from "node:path";
import type { ReasonCode } from "@tideline/version/fleet";
import * as v from "valibot";
import { changeStateFile, readStateFile, type StateFile } from "./state-file.js";

/** What is tried; the same bytes under another number are another release. */
export interface TriedRelease {
  readonly seq: number;
  /** Of the binary. */
  readonly sha256: string;
}

/** A try that came to nothing. */
export interface Try extends TriedRelease {
  /** When it began, ms since epoch. */
  readonly at: number;
  /** A {@link ReasonCode}; null if it was not ended in order. */
  readonly reason: string | null;
}

/** The tries in vain by subsystem, oldest first. */
export type Attempts = Readonly<Record<string, readonly Try[]>>;

export async function readAttempts(state: string): Promise<Attempts> {
  return await readStateFile(fileOf(state));
}

/**
 * Gives when the tries of a release began that hold the next one back, oldest first. Pure.
 *
 * @param isAsked True if a person asks for it now: what the machine or the release host was to blame
 *   for does then not count, as it was perhaps just mended.
 */
export function triesThatCount(
  tries: readonly Try[],
  { seq, sha256 }: TriedRelease,
  isAsked: boolean,
): readonly number[] {
  return tries
    .filter((one) => one.seq === seq && one.sha256 === sha256)
    .filter(({ reason }) => !isAsked || reason === null || !OF_MACHINE_OR_HOST.has(reason))
    .map(({ at }) => at);
}

const OF_MACHINE_OR_HOST: ReadonlySet<string> = new Set<ReasonCode>([
  ...(["HOST_UNREACHABLE", "RATE_LIMITED", "SIZE_MISMATCH", "CHECKSUM_MISMATCH"] as const),
  ...(["DISK_FULL", "FOLDER_NOT_WRITABLE", "STATE_DAMAGED", "SWAP_FAILED", "DRIFTED"] as const),
  ...(["SUPERVISOR_UNREACHABLE", "SERVICE_UNKNOWN"] as const),
]);

/**
 * Says when the next try may begin: `now` if it may at once. Pure.
 *
 * A try that lies in the future (the clock was set back) counts as made just now, so that it delays
 * by no more than a try does; {@link noteAttempt} and {@link mendAttempts} write it down so.
 */
export function nextAttemptAt(begun: readonly number[], now: number): number {
  const recent = begun.map((at) => Math.min(at, now)).filter((at) => now - at < DAY_MS);
  const last = recent.at(-1);
  if (last === undefined) return now;
  const afterSpacing = last + SPACING_MS;
  const oldest = recent.at(-PER_DAY);
  return Math.max(now, afterSpacing, oldest === undefined ? now : oldest + DAY_MS);
}

/**
 * Counts a try that begins now.
 *
 * @param signal Ends the waiting for another process that writes; its reason is thrown then.
 */
export async function noteAttempt(
  state: string,
  subsystem: string,
  { seq, sha256 }: TriedRelease,
  now: number,
  signal?: AbortSignal,
): Promise<void> {
  const change = (attempts: Attempts) => ({
    ...attempts,
    [subsystem]: [
      ...mended(attempts[subsystem] ?? [], now),
      { at: now, seq, sha256, reason: null },
    ],
  });
  await changeStateFile(state, fileOf(state), change, signal);
}

/**
 * Writes down why a try came to nothing.
 *
 * @param signal As for {@link noteAttempt}.
 */
export async function noteFailure(
  state: string,
  subsystem: string,
  begunAt: number,
  reason: ReasonCode,
  signal?: AbortSignal,
): Promise<void> {
  const change = (attempts: Attempts) => {
    const tries = attempts[subsystem] ?? [];
    const index = tries.findLastIndex(({ at }) => at === begunAt);
    const tried = tries[index];
    if (tried === undefined) return attempts;
    return { ...attempts, [subsystem]: tries.with(index, { ...tried, reason }) };
  };
  await changeStateFile(state, fileOf(state), change, signal);
}

/** Counts a try no longer that ended before it came to anything, through nobody's fault. */
export async function takeBackAttempt(
  state: string,
  subsystem: string,
  begunAt: number,
): Promise<void> {
  await changeStateFile(state, fileOf(state), (attempts) => {
    const tries = attempts[subsystem] ?? [];
    const index = tries.findLastIndex(({ at }) => at === begunAt);
    return index < 0 ? attempts : { ...attempts, [subsystem]: tries.toSpliced(index, 1) };
  });
}

/** Forgets the tries of a subsystem, when one of them was good. */
export async function forgetAttempts(state: string, subsystem: string): Promise<void> {
  await changeStateFile(state, fileOf(state), (attempts) => {
    if (!Object.hasOwn(attempts, subsystem)) return attempts;
    const { [subsystem]: _, ...rest } = attempts;
    return rest;
  });
}

/** Writes tries of the future down as made now; without it they would delay until that future. */
export async function mendAttempts(state: string, now: number): Promise<void> {
  const isAhead = (tries: readonly Try[]) => tries.some(({ at }) => at > now);
  if (!Object.values(await readAttempts(state)).some(isAhead)) return;
  await changeStateFile(state, fileOf(state), (attempts) =>
    Object.fromEntries(Object.entries(attempts).map(([name, tries]) => [name, mended(tries, now)])),
  );
}

function mended(tries: readonly Try[], now: number): readonly Try[] {
  return tries
    .map((one) => ({ ...one, at: Math.min(one.at, now) }))
    .filter(({ at }) => now - at < DAY_MS);
}

const SPACING_MS = 10 * 60_000;
const PER_DAY = 6;
const DAY_MS = 24 * 60 * 60_000;

function fileOf(state: string): StateFile<Attempts> {
  return { path: join(state, "attempts.json"), schema: SCHEMA, empty: {} };
}

const TRY = v.object({
  at: v.number(),
  seq: v.number(),
  sha256: v.string(),
  // A code of a later `tideline-sync` is no damage.
  reason: v.nullable(v.string()),
});

const SCHEMA = v.record(
  v.string(),
  v.pipe(
    v.array(v.union([v.number(), TRY])),
    // A time alone, as the file was at first, does not say of which release the try was: it can hold
    // none of them back.
    v.transform((tries) => tries.filter((one) => typeof one !== "number")),
  ),
);
