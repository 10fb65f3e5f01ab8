/** One of two gateways is ended under 2,000 clients: the other serves them, and nobody notices. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, describe, expect, test } from "vitest";
import { type BehindNginx, startBehindNginx } from "./behind-nginx.js";
import { type Crowd, gatherCrowd, mostInASecond } from "./crowd.js";
import { findNginx } from "./find-nginx.js";

const program = await findNginx();
const CLIENTS = 2000;

let rig: BehindNginx | undefined;
let crowd: Crowd | undefined;
afterAll(async () => {
  crowd?.close();
  await rig?.close();
});

describe.skipIf(program === null)("SIGTERM of one of two gateways behind nginx", () => {
  test("2,000 clients are served again within 5 s, by at most 400 connects a second, and miss no version", async () => {
    rig = await startBehindNginx(program ?? "");
    const { ledger, gateways, url } = rig;
    await ledger.record("v1");
    crowd = gatherCrowd(`${url}/events/version`, CLIENTS);
    await crowd.allServed();
    const [ending, other] = gateways;
    expect(await Promise.all([ending.clients(), other.clients()])).toEqual([1000, 1000]);

    const stalls = monitorEventLoopDelay({ resolution: 10 });
    stalls.enable();
    const before = crowd.begunAt.length;
    const start = performance.now();
    const ended = ending.stop("SIGTERM");
    // While one half is on its way.
    await ledger.record("v2");
    expect(crowd.begunAt.length - before).toBeLessThan(1000);
    expect(await ended).toBe(0);
    await crowd.allServed();
    await crowd.allToldOf("v2");

    expect(crowd.servedAgainAt).toHaveLength(1000);
    const lastMs = Math.max(...crowd.servedAgainAt) - start;
    const most = mostInASecond(crowd.begunAt.slice(before));
    // Unlike 2,000 machines, this process stands still as one: what was due meanwhile comes in a heap.
    const stallMs = stalls.max / 1e6;
    console.log(
      `served again after ${Math.round(lastMs)} ms; ${most} connects in the busiest second, with a standstill of ${Math.round(stallMs)} ms`,
    );
    expect(lastMs).toBeLessThan(5000);
    expect(most).toBeLessThanOrEqual(400 * (1 + stallMs / 1000));
    expect([crowd.refusals, crowd.breaks]).toEqual([[], []]);
    expect(await other.clients()).toBe(CLIENTS);
  });
});
