/**
 * How often a machine has tried in vain: one try in ten minutes and six in a day for each subsystem.
 * What was committed does not count, so that good releases may follow each other as they please.
 */
import { join } from "node:path";
import * as v from "valibot";
import { changeStateFile, readStateFile, type StateFile } from "./state-file.js";

/** When each try began that came to nothing, by subsystem; ms since epoch, oldest first. */
export type Attempts = Readonly<Record<string, readonly number[]>>;

export async function readAttempts(state: string): Promise<Attempts> {
  return await readStateFile(fileOf(state));
}

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

/** Counts a try that begins now. */
export async function noteAttempt(state: string, subsystem: string, now: number): Promise<void> {
  await changeStateFile(state, fileOf(state), (attempts) => ({
    ...attempts,
    [subsystem]: [...mended(attempts[subsystem] ?? [], now), now],
  }));
}

/** Counts a try no longer that ended before it came to anything, through nobody's fault. */
export async function takeBackAttempt(
  state: string,
  subsystem: string,
  begunAt: number,
): Promise<void> {
  await changeStateFile(state, fileOf(state), (attempts) => {
    const begun = attempts[subsystem] ?? [];
    const index = begun.lastIndexOf(begunAt);
    return index < 0 ? attempts : { ...attempts, [subsystem]: begun.toSpliced(index, 1) };
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
  const isAhead = (begun: readonly number[]) => begun.some((at) => at > now);
  if (!Object.values(await readAttempts(state)).some(isAhead)) return;
  await changeStateFile(state, fileOf(state), (attempts) =>
    Object.fromEntries(Object.entries(attempts).map(([name, begun]) => [name, mended(begun, now)])),
  );
}

function mended(begun: readonly number[], now: number): readonly number[] {
  return begun.map((at) => Math.min(at, now)).filter((at) => now - at < DAY_MS);
}

const SPACING_MS = 10 * 60_000;
const PER_DAY = 6;
const DAY_MS = 24 * 60 * 60_000;

function fileOf(state: string): StateFile<Attempts> {
  return { path: join(state, "attempts.json"), schema: SCHEMA, empty: {} };
}

const SCHEMA = v.record(v.string(), v.array(v.number()));
