import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockHolder, tryLock, waitForLock } from "./lock.js";
import { identityOf, thisProcess } from "./process-identity.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-lock-"));
  path = join(folder, "nats.lock");
});
afterEach(() => rm(folder, { recursive: true }));

/** A lock whose owner is gone. */
const dead = async (change: object = {}) =>
  JSON.stringify({ ...(await thisProcess()), nonce: "0123456789abcdef", ...change });

describe("a lock", () => {
  test("is had by one, and by the next one once it is let go", async () => {
    const lock = await tryLock(path);
    expect(lock).not.toBeNull();
    expect(await tryLock(path)).toBeNull();
    expect(await lockHolder(path)).toMatchObject({ pid: process.pid });
    await lock?.release();
    await lock?.release();
    expect(await lockHolder(path)).toBeNull();
    expect(await tryLock(path)).not.toBeNull();
    expect(await readdir(folder)).toEqual(["nats.lock"]);
  });

  test.each([
    ["a process that has ended", { pid: 2 ** 22 + 1 }],
    ["a process whose number was given out again", { startedAt: "1" }],
    ["a process of the boot before", { bootId: "another" }],
  ])("row 23: of %s is free", async (_, change) => {
    await writeFile(path, await dead(change));
    expect(await lockHolder(path)).toBeNull();
    const lock = await tryLock(path);
    expect(lock).not.toBeNull();
    expect(await tryLock(path)).toBeNull();
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ pid: process.pid });
    expect(await readdir(folder)).toEqual(["nats.lock"]);
  });

  test("row 23: with the number of a running process, but of one before it, is free", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    try {
      const identity = await identityOf(child.pid ?? 0);
      expect(identity).not.toBeNull();
      await writeFile(path, await dead({ ...identity }));
      expect(await tryLock(path)).toBeNull();
      await writeFile(path, await dead({ ...identity, startedAt: `${identity?.startedAt}1` }));
      expect(await tryLock(path)).not.toBeNull();
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("that a power cut left empty, or that is no lock at all, is free", async () => {
    for (const text of ["", "{", "[]", '{"pid": 1}']) {
      await writeFile(path, text);
      const lock = await tryLock(path);
      expect(lock).not.toBeNull();
      await lock?.release();
    }
  });

  test("that is waited for is had as soon as it is let go, or not at all", async () => {
    const lock = await tryLock(path);
    const next = waitForLock(path, new AbortController().signal);
    const stop = new AbortController();
    const other = waitForLock(path, stop.signal);
    stop.abort(new Error("no more"));
    await expect(other).rejects.toThrow("no more");
    await lock?.release();
    await (await next).release();
  });
});

test("row 23: of eight processes that find a dead owner's lock at once, exactly one has it, 60 times", async () => {
  const script = fileURLToPath(
    new URL("../../../testing/src/engine-rig/lock-process.ts", import.meta.url),
  );
  const processes = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const child: ChildProcess = spawn(
        process.execPath,
        ["--conditions=convex", "--import", "tsx", script],
        { stdio: ["pipe", "pipe", "inherit"] },
      );
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
      await once(lines, "line");
      return {
        child,
        ask: async (text: string) => {
          const answer = once(lines, "line");
          child.stdin?.write(`${text}\n`);
          return String((await answer)[0]);
        },
      };
    }),
  );
  try {
    for (let round = 0; round < 60; round += 1) {
      const here = join(folder, `${round}.lock`);
      await writeFile(here, await dead({ startedAt: "1" }));
      const answers = await Promise.all(processes.map(({ ask }) => ask(here)));
      expect(
        answers.filter((answer) => answer === "won"),
        `round ${round}`,
      ).toHaveLength(1);
    }
    // Drafts and guards are gone with the rounds.
    expect(await readdir(folder)).toHaveLength(60);
  } finally {
    for (const { child } of processes) child.kill("SIGKILL");
  }
});
