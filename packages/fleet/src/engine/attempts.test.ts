import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  forgetAttempts,
  mendAttempts,
  nextAttemptAt,
  noteAttempt,
  noteFailure,
  readAttempts,
  takeBackAttempt,
  triesThatCount,
} from "./attempts.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 21);
const SECOND = { seq: 2, sha256: "2".repeat(64) };
const tried = (at: number) => ({ ...SECOND, at, reason: null });

describe("nextAttemptAt()", () => {
  test.each([
    ["never tried", [], 0],
    ["tried now", [0], 10 * MINUTE],
    ["tried nine minutes ago", [-9 * MINUTE], MINUTE],
    ["tried ten minutes ago", [-10 * MINUTE], 0],
    ["tried five times today", [-200, -100, -60, -40, -20].map((ago) => ago * MINUTE), 0],
    [
      "tried six times today",
      [-300, -200, -100, -60, -40, -20].map((ago) => ago * MINUTE),
      DAY - 300 * MINUTE,
    ],
    [
      "tried six times, once yesterday",
      [-DAY, -200 * MINUTE, -100 * MINUTE, -60 * MINUTE, -40 * MINUTE, -20 * MINUTE],
      0,
    ],
    ["tried tomorrow, by a clock that was ahead", [DAY], 10 * MINUTE],
  ] as const)("%s", (_, begun, wait) => {
    expect(
      nextAttemptAt(
        begun.map((at) => NOW + at),
        NOW,
      ) - NOW,
    ).toBe(wait);
  });
});

describe("the tries of a machine", () => {
  let state: string;
  beforeEach(async () => {
    state = await mkdtemp(join(tmpdir(), "tideline-attempts-"));
  });
  afterEach(() => rm(state, { recursive: true }));

  test("are counted for each subsystem, taken back one by one, and forgotten when one was good", async () => {
    await noteAttempt(state, "nats", SECOND, NOW);
    await noteAttempt(state, "nats", SECOND, NOW + 1);
    await noteAttempt(state, "arc", SECOND, NOW);
    await takeBackAttempt(state, "nats", NOW);
    expect(await readAttempts(state)).toEqual({ nats: [tried(NOW + 1)], arc: [tried(NOW)] });
    await forgetAttempts(state, "nats");
    expect(await readAttempts(state)).toEqual({ arc: [tried(NOW)] });
  });

  test("hold back their own release alone, and a person only by what the release was to blame for", async () => {
    const third = { seq: 3, sha256: "3".repeat(64) };
    const reasons = [null, "DISK_FULL", "CHECKSUM_MISMATCH", "ARCHIVE_INVALID"] as const;
    for (const [index, reason] of reasons.entries()) {
      await noteAttempt(state, "nats", SECOND, NOW + index);
      if (reason !== null) await noteFailure(state, "nats", NOW + index, reason);
    }
    const { nats = [] } = await readAttempts(state);
    expect(triesThatCount(nats, SECOND, false)).toEqual([NOW, NOW + 1, NOW + 2, NOW + 3]);
    expect(triesThatCount(nats, SECOND, true)).toEqual([NOW, NOW + 3]);
    expect(triesThatCount(nats, third, false)).toEqual([]);
    expect(triesThatCount(nats, { ...SECOND, seq: 3 }, false)).toEqual([]);
  });

  test("row 23: a clock that jumps a day back keeps nothing waiting for a day", async () => {
    await noteAttempt(state, "nats", SECOND, NOW);
    const back = NOW - DAY;
    await mendAttempts(state, back);
    const nats = triesThatCount((await readAttempts(state)).nats ?? [], SECOND, false);
    expect(nextAttemptAt(nats, back)).toBe(back + 10 * MINUTE);
    expect(nextAttemptAt(nats, back + 10 * MINUTE)).toBe(back + 10 * MINUTE);
  });

  test("row 23: a clock that jumps a day ahead and back again allows six tries more at most", async () => {
    let tries = 0;
    for (const day of [0, 1, 0]) {
      for (let minute = 0; minute < 120; minute += 1) {
        const now = NOW + day * DAY + minute * MINUTE;
        await mendAttempts(state, now);
        const begun = ((await readAttempts(state)).nats ?? []).map(({ at }) => at);
        if (nextAttemptAt(begun, now) > now) continue;
        await noteAttempt(state, "nats", SECOND, now);
        tries += 1;
      }
    }
    expect(tries).toBeLessThanOrEqual(12);
  });

  test("of which only the time is known are no damage, and hold nothing back", async () => {
    await writeFile(join(state, "attempts.json"), JSON.stringify({ nats: [NOW, NOW + 1] }));
    expect(await readAttempts(state)).toEqual({ nats: [] });
    await noteAttempt(state, "nats", SECOND, NOW + 2);
    expect(await readAttempts(state)).toEqual({ nats: [tried(NOW + 2)] });
  });

  test("that nobody can read are an error, not an empty list", async () => {
    await writeFile(join(state, "attempts.json"), '{"nats": "often"}');
    await expect(readAttempts(state)).rejects.toMatchObject({ reason: "STATE_DAMAGED" });
    await writeFile(join(state, "attempts.json"), "");
    await expect(readAttempts(state)).rejects.toMatchObject({ reason: "STATE_DAMAGED" });
  });
});
