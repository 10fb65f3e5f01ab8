/** The client of the release host against faults of the host, its limits, and its own token. */
import { ReleaseHost } from "@tideline/fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PublishRig } from "./publish-rig.js";

let rig: PublishRig;
beforeEach(async () => {
  rig = await PublishRig.start();
});
afterEach(() => rig.close());

const refusedAs = (reason: string) => expect.objectContaining({ reason });
const countOf = (method: string) => rig.host.requests.filter((one) => one.method === method).length;

describe("limits", () => {
  test("429 with retry-after is waited for, and the request is sent once more", async () => {
    rig.host.fail({ on: "api", kind: "status", status: 429, retryAfter: "7", times: 1 });
    await rig.publish({});
    expect(rig.waits).toEqual([7000]);
    expect(rig.log).toContain("The release host asks for a pause of 7 s");
  });

  test("retry-after may be a date", async () => {
    const retryAfter = new Date(rig.now + 12_000).toUTCString();
    rig.host.fail({ on: "api", kind: "status", status: 403, retryAfter, times: 1 });
    await rig.publish({});
    expect(rig.waits).toEqual([12_000]);
  });

  test("429 without a word is a minute, also for an upload", async () => {
    rig.host.fail({ on: "upload", kind: "status", status: 429, times: 1 });
    await rig.publish({});
    expect(rig.waits).toEqual([60_000]);
  });

  test("no requests left is waited for until they are back", async () => {
    rig.host.fail({ on: "api", kind: "rate-limit", resetAt: rig.now + 30_000, times: 1 });
    await rig.publish({});
    expect(rig.waits).toEqual([30_000]);
  });

  test("who only looks waits 5 seconds at most, and is told when it is allowed", async () => {
    const world = { ...rig.deps(), fetch, wait: async (ms: number) => void rig.waits.push(ms) };
    const { api, repository, token } = rig.host;
    const host = new ReleaseHost({ api, repository: repository.name, token }, world);
    rig.host.fail({ on: "api", kind: "rate-limit", resetAt: rig.now + 5_000, times: 1 });
    await host.list();
    rig.host.fail({ on: "api", kind: "rate-limit", resetAt: rig.now + 60_000, times: 1 });
    await expect(host.list()).rejects.toMatchObject({
      reason: "RATE_LIMITED",
      message: expect.stringContaining("the release host allows it in 60 s"),
    });
    expect(rig.waits).toEqual([5_000]);
  });

  test("more than 5 minutes is RATE_LIMITED, at once", async () => {
    rig.host.fail({ on: "api", kind: "rate-limit", resetAt: rig.now + 3_600_000 });
    await expect(rig.publish({})).rejects.toEqual(refusedAs("RATE_LIMITED"));
    expect([rig.waits, rig.host.requests.length]).toEqual([[], 1]);
  });
});

describe("failures", () => {
  test("an upload that was cut is sent again; half a file does not stay", async () => {
    let isCut = false;
    await rig.publish(
      {},
      {
        atStep: (step) => {
          if (step !== "draft-created" || isCut) return;
          isCut = true;
          // GitHub keeps what has arrived as a file that blocks its name.
          const [release] = rig.host.repository.releases;
          if (release === undefined) return;
          const half = rig.host.store.addAsset(
            release,
            "nats-2.10.25-linux-x64-glibc.tar.gz",
            "ha",
          );
          half.state = "starter";
          rig.host.fail({ on: "upload", kind: "status", status: 502, times: 1 });
        },
      },
    );
    expect(rig.published()[0]?.files).toHaveLength(2);
  });

  test("503 to a GET is asked again with growing pauses; to a POST it is an end", async () => {
    rig.host.fail({ on: "api", kind: "status", status: 503, times: 2 });
    await rig.publish({});
    expect(rig.waits).toHaveLength(2);
    rig.host.fail({ on: "upload", kind: "status", status: 503 });
    await expect(rig.publish({ version: "2.10.26" })).rejects.toEqual(
      refusedAs("HOST_UNREACHABLE"),
    );
    expect(rig.published()).toHaveLength(1);
  });

  test("a listing that is cut is no shorter list", async () => {
    for (const version of ["2.10.24", "2.10.25"]) await rig.publish({ version });
    rig.host.fail({ on: "api", kind: "cut", at: 100 });
    await expect(rig.publish({ version: "2.10.26" })).rejects.toEqual(
      refusedAs("HOST_UNREACHABLE"),
    );
    rig.host.faults.clear();
    rig.host.fail({ on: "api", kind: "close", at: 100 });
    await expect(rig.publish({ version: "2.10.26" })).rejects.toEqual(
      refusedAs("HOST_UNREACHABLE"),
    );
    expect(rig.published()).toHaveLength(2);
  });

  test("a page of HTML is no release host", async () => {
    rig.host.fail({ on: "api", kind: "html" });
    await expect(rig.publish({})).rejects.toEqual(refusedAs("HOST_UNREACHABLE"));
  });

  test("a wrong token is NOT_AUTHORIZED, and is not part of what is said", async () => {
    const { api } = rig.host;
    const options = { api, repository: "acme/plat", token: "ghp_wrong" };
    const host = new ReleaseHost(options, { ...rig.deps(), fetch });
    const failure = await rig.publish({}, { host }).catch((error: unknown) => error);
    expect(failure).toEqual(refusedAs("NOT_AUTHORIZED"));
    expect(String(failure)).not.toContain("ghp_wrong");
  });

  test("the token goes to the release host alone, never to the store of the files", async () => {
    await rig.publish({});
    const stores = rig.host.requests.filter(({ origin }) => origin === "bytes");
    expect(stores.length).toBeGreaterThanOrEqual(2);
    expect(stores.filter(({ headers }) => "authorization" in headers)).toEqual([]);
  });

  test("an end by the signal is an end: no pause is waited out", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const world = {
      patienceMs: 300_000,
      fetch,
      now: Date.now,
      signal,
      log: () => controller.abort(),
    };
    const { api } = rig.host;
    const host = new ReleaseHost({ api, repository: "acme/plat", token: null }, world);
    rig.host.fail({ on: "api", kind: "status", status: 429, retryAfter: "200" });
    await expect(host.list()).rejects.toThrow("aborted");
  });
});

test("a list of many pages is read to its end", async () => {
  for (let index = 0; index < 250; index++) {
    rig.host.addRelease({ tag: `other-v${index}` });
  }
  await rig.publish({});
  for (let index = 250; index < 400; index++) {
    rig.host.addRelease({ tag: `other-v${index}` });
  }
  const before = countOf("GET");
  expect(await rig.publish({ version: "2.10.26" })).toMatchObject({ seq: 2 });
  expect(countOf("GET") - before).toBeGreaterThanOrEqual(15);
});
