/** The deadline of a look, against addresses and looks that do not care for it. */
import { DeployRig, stampOf } from "@tideline/testing/deploy-rig";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { lookOnce } from "./look-once.js";
import type { Sight } from "./published-stamp.js";

const STAMP: Sight = { stamp: stampOf("a", "web"), problem: null };
const never = () => new Promise<never>(() => {});

describe("one look", () => {
  test("is over when its time is, whatever the looks do", async () => {
    let told: AbortSignal | undefined;
    const round = await lookOnce(["http://a/", "http://b/"], {
      withinMs: 20,
      look: async (address, signal) => {
        if (address === "http://a/") return STAMP;
        told = signal;
        return await never();
      },
    });
    expect(round).toEqual({
      sights: [
        STAMP,
        {
          stamp: null,
          problem: "http://b/ does not answer: no answer before the time was over",
        },
      ],
      isCutShort: true,
    });
    expect(told?.aborted).toBe(true);
  });

  test("calls its end off once all have answered", async () => {
    let isCalledOff = false;
    const clock = {
      now: () => 0,
      sleep: never,
      after: () => () => {
        isCalledOff = true;
      },
    };
    const round = await lookOnce(["http://a/"], { withinMs: 1, clock, look: async () => STAMP });
    expect(round).toEqual({ sights: [STAMP], isCutShort: false });
    expect(isCalledOff).toBe(true);
  });

  test("is ended by a signal, though the look goes on", async () => {
    const controller = new AbortController();
    const looking = lookOnce(["http://a/"], {
      withinMs: 60_000,
      signal: controller.signal,
      look: () => {
        controller.abort();
        return never();
      },
    });
    await expect(looking).rejects.toMatchObject({ name: "AbortError" });
  });
});

// Each took 10 s before: longer than a test may.
describe("an address that takes the request and never answers", () => {
  let rig: DeployRig;
  beforeAll(async () => {
    rig = await DeployRig.open();
  });
  afterAll(async () => {
    await rig?.close();
  });
  afterEach(() => rig.site.answers.clear());

  let apps = 0;
  let app: string;
  let probe: string[];
  beforeEach(() => {
    app = `slow-${++apps}`;
    probe = ["--probe", rig.site.url, "--probe-interval", "0.01", "--timeout", "0.3"];
    rig.site.requests.length = 0;
    rig.site.answers.set("*", () => {});
  });
  const HERE = ["--environment", "staging"];
  const silent = () => `${rig.site.url} does not answer: no answer before the time was over`;
  const last = ({ log }: { readonly log: readonly string[] }) => log.at(-1);

  test("is given up by record when the time is over", async () => {
    await rig.writeStamp(stampOf("a", app));
    const run = await rig.tideline(["record", "--file", "version.json", ...probe]);
    expect(run.code).toBe(1);
    expect(last(run)).toContain(`to be served within 0.3 s, but ${silent()} (once)`);
  });

  test("is given up after the record too, which stays", async () => {
    const a = stampOf("a", app);
    await rig.writeStamp(a);
    rig.site.publish(a);
    const serve = rig.site.answers.get("/");
    rig.site.answers.set("/", (request, response) => {
      if (rig.site.requests.length < 5) serve?.(request, response);
    });
    const run = await rig.tideline(["record", "--file", "version.json", ...probe]);
    expect(run).toMatchObject({ code: 0 });
    expect(last(run)).toBe(`Since it was recorded, ${silent()} (once)`);
    expect(await rig.live(app)).toMatchObject({ buildId: "build-a", epoch: 1 });
  });

  test("is given up by record --published", async () => {
    const run = await rig.tideline(["record", "--published", ...probe]);
    expect({ code: run.code, last: last(run) }).toEqual({
      code: 1,
      last: `Cannot read which build is published: ${silent()}`,
    });
  });

  test.each([
    ["that names the target", [] as string[]],
    ["whose target is named", ["<app>", ...HERE]],
  ])("is given up by reconcile (%s)", async (_, names) => {
    const args = names.map((name) => name.replace("<app>", app));
    const run = await rig.tideline(["reconcile", ...args, ...probe]);
    expect(run.code).toBe(1);
    expect(last(run)).toContain(silent());
  });
});
