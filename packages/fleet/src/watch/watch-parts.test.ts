/** The parts of the service that need no network. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { SyncError } from "../sync-error.js";
import { replaceFile } from "../write-file.js";
import { createAgainTimers } from "./again-timers.js";
import { createLook, type LookParts } from "./looks.js";
import { createServiceLog } from "./service-log.js";
import { createWakeQueue, type Wake } from "./wake-queue.js";
import { watchState } from "./watch-state.js";

const WAKE: Wake = { refresh: false, develop: false, why: "a" };

describe("wake queue", () => {
  /** Looks that end when the test says so. */
  function held() {
    const looks: { name: string; wake: Wake; end: (error?: Error) => void }[] = [];
    const queue = createWakeQueue(
      (name, wake) =>
        new Promise((resolve, reject) => {
          looks.push({ name, wake, end: (error) => (error ? reject(error) : resolve()) });
        }),
    );
    return { looks, queue };
  }

  test("wakes that come while one is at work are one more look together", async () => {
    const { looks, queue } = held();
    const first = queue.wake("nats", WAKE);
    const others = [
      queue.wake("nats", { refresh: true, develop: false, why: "b" }),
      queue.wake("nats", { refresh: false, develop: true, why: "c" }),
      queue.wake("nats", { refresh: false, develop: false, why: "b" }),
    ];
    expect(looks).toHaveLength(1);
    looks[0]?.end();
    await first;
    await expect.poll(() => looks.length).toBe(2);
    expect(looks[1]?.wake).toEqual({ refresh: true, develop: true, why: "b, c" });
    looks[1]?.end();
    await Promise.all(others);
  });

  test("subsystems do not wait for each other", () => {
    const { looks, queue } = held();
    void queue.wake("nats", WAKE);
    void queue.wake("arc", WAKE);
    expect(looks.map(({ name }) => name)).toEqual(["nats", "arc"]);
  });

  test("a look that fails is told to those that asked for it, and not to the next", async () => {
    const { looks, queue } = held();
    const first = queue.wake("nats", WAKE);
    const second = queue.wake("nats", WAKE);
    looks[0]?.end(new Error("no network"));
    await expect(first).rejects.toThrow("no network");
    await expect.poll(() => looks.length).toBe(2);
    looks[1]?.end();
    await second;
  });

  test("draining lets the look at work end, and begins none", async () => {
    const { looks, queue } = held();
    const first = queue.wake("nats", WAKE);
    const second = queue.wake("nats", WAKE);
    const drained = queue.drain();
    await expect(second).rejects.toThrow("the service is ending");
    await expect(queue.wake("arc", WAKE)).rejects.toThrow("the service is ending");
    looks[0]?.end();
    await Promise.all([first, drained]);
    expect(looks).toHaveLength(1);
  });
});

describe("times that a look has named", () => {
  afterEach(() => vi.useRealTimers());

  test("of several the earliest counts, also beyond what one timer can hold", () => {
    vi.useFakeTimers({ now: 0 });
    const due: string[] = [];
    const timers = createAgainTimers(Date.now, (key) => due.push(`${key} ${Date.now()}`));
    timers.set("nats", 5_000);
    timers.set("nats", 9_000);
    timers.set("arc", 90 * 86_400_000);
    timers.set("old", -1);
    vi.advanceTimersByTime(10_000);
    expect(due).toEqual(["old 0", "nats 5000"]);
    vi.advanceTimersByTime(90 * 86_400_000);
    expect(due.at(-1)).toBe(`arc ${90 * 86_400_000}`);
    timers.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a clock that was set back makes it wait for the time that was named", () => {
    vi.useFakeTimers({ now: 10_000 });
    const due: number[] = [];
    let shift = 0;
    const now = () => Date.now() + shift;
    const timers = createAgainTimers(now, () => due.push(now()));
    timers.set("nats", 12_000);
    shift = -86_400_000;
    vi.advanceTimersByTime(2_000);
    expect(due).toEqual([]);
    vi.advanceTimersByTime(86_400_000);
    expect(due).toEqual([12_000]);
  });
});

describe("a look", () => {
  function parts(change: Partial<LookParts> = {}) {
    const done: string[] = [];
    const all: LookParts = {
      refresh: async () => void done.push("refresh"),
      target: () => null,
      develop: async () => {
        done.push("develop");
        return { message: null, until: null };
      },
      update: async () => {
        done.push("update");
        return { state: "current", version: null, seq: null };
      },
      isDeveloper: async () => true,
      again: (_, at, why) => void done.push(`again ${at} ${why}`),
      log: (event, { reason } = {}) => void done.push(`log ${event}${reason ? ` ${reason}` : ""}`),
      signal: new AbortController().signal,
      ...change,
    };
    return { done, look: createLook(all) };
  }
  const WHOLE: Wake = { refresh: true, develop: true, why: "push" };

  test("goes from the upstream to what runs, in this order", async () => {
    const { done, look } = parts();
    await look("nats", WHOLE);
    expect(done).toEqual(["log wake", "develop", "refresh", "update", "log current"]);
  });

  test("builds nothing where the source is not", async () => {
    const { done, look } = parts({ isDeveloper: async () => false });
    await look("nats", WHOLE);
    expect(done).not.toContain("develop");
  });

  test("of a new target looks at no upstream and no release host", async () => {
    const { done, look } = parts();
    await look("nats", WAKE);
    expect(done).toEqual(["log wake", "update", "log current"]);
  });

  test("whose build fails installs what others published, and says that it failed", async () => {
    const { done, look } = parts({
      develop: async () => {
        throw new SyncError("BUILD_FAILED", "Cannot build nats: it ended with 2");
      },
    });
    await expect(look("nats", WHOLE)).rejects.toThrow("it ended with 2");
    expect(done).toEqual([
      ...["log wake", "log develop-failed BUILD_FAILED", "refresh", "update", "log current"],
    ]);
  });

  test("before the ledger was heard leaves everything as it is", async () => {
    const { done, look } = parts({ target: () => undefined });
    await look("nats", WAKE);
    expect(done).toEqual(["log wake"]);
  });

  test("whose outcome names a time is taken again then", async () => {
    const { done, look } = parts({
      update: async () => ({
        ...{ state: "waiting", reason: "OUTSIDE_WINDOW", detail: "later", until: 5_000 },
        ...{ version: "1", seq: 1 },
      }),
    });
    await look("nats", WAKE);
    expect(done.at(-1)).toBe("again 5000 OUTSIDE_WINDOW");
  });
});

describe("service log", () => {
  function logged(isInteractive: boolean) {
    const lines: string[] = [];
    const now = () => Date.UTC(2026, 2, 1, 12, 30, 5);
    return {
      lines,
      log: createServiceLog({ isInteractive, now, write: (one) => lines.push(one) }),
    };
  }

  test("is an object a line for programs", () => {
    const { lines, log } = logged(false);
    log("update", { subsystem: "nats", seq: 7 });
    expect(lines).toEqual([
      '{"at":"2026-03-01T12:30:05.000Z","event":"update","subsystem":"nats","seq":7}',
    ]);
  });

  test("is a sentence a line for people, whatever a sender has put into it", () => {
    const { lines, log } = logged(true);
    log("update", { subsystem: "nats", message: "it\nis\r\nhere", seq: 7, reason: null });
    expect(lines).toEqual(["12:30:05 update nats: it | is | here seq=7"]);
  });
});

test("a state file that another process replaces is heard of, and others are not", async () => {
  const state = await mkdtemp(join(tmpdir(), "tideline-state-"));
  const controller = new AbortController();
  try {
    await mkdir(join(state, "journal"));
    const heard: string[] = [];
    await watchState(state, ["pins.json"], (file) => heard.push(file), controller.signal);
    await replaceFile(join(state, "denied.json"), "{}");
    await replaceFile(join(state, "pins.json"), "{}");
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    expect(new Set(heard)).toEqual(new Set(["pins.json"]));
  } finally {
    controller.abort();
    await rm(state, { recursive: true });
  }
});
