/** The end of work that would never end by itself. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { withRetries } from "./ledger/with-retries.js";
import type { Clock } from "./record/clock.js";
import { TimeOverError, withinTime } from "./within-time.js";

const never = () => new Promise<never>(() => {});

/** A clock that stands still until it is told to strike. */
function stoppedClock() {
  const due: { readonly ms: number; readonly run: () => void }[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: never,
    after: (ms, run) => {
      const entry = { ms, run };
      due.push(entry);
      return () => void due.splice(due.indexOf(entry), 1);
    },
  };
  return { clock, due };
}

test("work that does not care for its signal is over when its time is", async () => {
  const { clock, due } = stoppedClock();
  let told: AbortSignal | undefined;
  const work = (stop: AbortSignal) => {
    told = stop;
    return never();
  };
  const done = withinTime(10_000, work, { clock });
  expect(due.map(({ ms }) => ms)).toEqual([10_000]);
  due[0]?.run();
  await expect(done).rejects.toEqual(new TimeOverError(10_000));
  await expect(done).rejects.toThrow("no answer within 10 s");
  expect([told?.aborted, due.length]).toEqual([true, 0]);
});

test("work that is done in time calls its end off", async () => {
  const { clock, due } = stoppedClock();
  expect(await withinTime(10_000, async () => 7, { clock })).toBe(7);
  expect(due).toEqual([]);
});

test("a signal ends it with its own reason, before it begins too", async () => {
  const controller = new AbortController();
  const done = withinTime(10_000, never, { signal: controller.signal });
  controller.abort("enough");
  await expect(done).rejects.toBe("enough");
  await expect(withinTime(1, never, { signal: controller.signal })).rejects.toBe("enough");
});

// With AbortSignal.any([signal, AbortSignal.timeout(…)]) in its place nothing ended the request.
test("a request is cut off though all that nobody holds was collected meanwhile", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { clock, due } = stoppedClock();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const asked = once(server, "connection") as Promise<[Socket]>;
  const done = withinTime(
    10_000,
    async (signal) => await (await fetch(`http://127.0.0.1:${port}/`, { signal })).text(),
    { clock, signal: new AbortController().signal },
  );
  const [socket] = await asked;
  await once(socket, "data");
  collect();
  const closed = once(socket, "close");
  due[0]?.run();
  await expect(done).rejects.toThrow("no answer within 10 s");
  await closed;
  server.close();
});

test("a ledger's answer that never ends is given up by the clock alone, and asked for again", async () => {
  const { clock, due } = stoppedClock();
  const log: string[] = [];
  let attempts = 0;
  const done = withRetries(
    () => {
      attempts++;
      return attempts === 1 ? never() : Promise.resolve("answered");
    },
    {
      ...{ doing: "ask", url: "http://ledger", timeoutMs: 60_000, clock },
      log: (line) => {
        log.push(line);
      },
    },
  );
  await expect.poll(() => due.map(({ ms }) => ms)).toEqual([60_000, 15_000]);
  due[1]?.run();
  expect(await done).toBe("answered");
  expect(log).toEqual(["Attempt 1 to ask failed: no answer in time; trying again"]);
});

test("and in the end it is said who did not answer", async () => {
  const { clock, due } = stoppedClock();
  const options = { doing: "ask", url: "http://ledger", timeoutMs: 60_000, clock, log: () => {} };
  const done = withRetries(never, options);
  await expect.poll(() => due.length).toBe(2);
  due[0]?.run();
  await expect(done).rejects.toThrow("Cannot ask: no answer from http://ledger within 60 s");
});
