/** Row 9: a release and its files, which come late, are replaced, or are told of wrongly. */
import { acceptAlarms } from "@tideline/fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HostedGit } from "../git-host-rig/index.js";
import {
  type HostedAsset,
  type HostedRelease,
  type NewRelease,
  ReleaseHostRig,
} from "../release-host-rig/index.js";
import { DetectRig, type UpstreamSettings } from "./detect-rig.js";

let rig: DetectRig;
let host: ReleaseHostRig;
let repository: HostedGit;
let remote: string;
const followed = { strategy: "releases" } as const;

beforeEach(async () => {
  rig = await DetectRig.start();
  // One origin with both, as a GitHub Enterprise Server has it.
  host = await ReleaseHostRig.start({
    repository: "nats-io/nats-server",
    now: () => rig.now,
    fallback: rig.git.listener,
  });
  repository = await rig.git.addRepository("nats-io/nats-server");
  remote = `${host.api}/nats-io/nats-server.git`;
  await configure();
  await rig.install("nats", { version: "2.10.24" });
  await release({ tag: "v2.10.24", assets: { "nats.tar.gz": "24" } });
  expect(await rig.check("nats")).toMatchObject({ state: "current", currentTag: "v2.10.24" });
});
afterEach(async () => {
  await host.close();
  await rig.close();
});

const configure = (settings: UpstreamSettings = {}): Promise<void> =>
  rig.configure("nats", [remote], { ...followed, ...settings });

/** A commit with its tag, and a release of it. */
async function release(from: NewRelease): Promise<string> {
  await repository.commit(from.tag);
  const commit = await repository.tag(from.tag);
  host.addRelease(from);
  return commit;
}

const released = (tag: string): HostedRelease => {
  const found = host.release(tag);
  if (found === undefined) throw new RangeError(`Cannot find the release "${tag}"`);
  return found;
};

const assetOf = (tag: string): HostedAsset => {
  const [asset] = released(tag).assets;
  if (asset === undefined) throw new RangeError(`Cannot find a file of "${tag}"`);
  return asset;
};

describe("a release", () => {
  test("row 9: without files waits for them, and goes on when they are there", async () => {
    const commit = await release({ tag: "v2.10.25" });
    const waiting = await rig.check("nats");
    expect(waiting).toMatchObject({
      ...{ state: "waiting", reason: "AWAITING_ASSETS", isAvailable: false },
      latest: { tag: "v2.10.25" },
    });
    const published = released("v2.10.25");
    const asset = host.store.addAsset(published, "nats.tar.gz", "25");
    asset.state = "starter";
    expect((await rig.check("nats")).reason).toBe("AWAITING_ASSETS");
    asset.state = "uploaded";
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { tag: "v2.10.25", commit } },
    });
  });

  test("row 9: that waits leaves the next lower one free", async () => {
    await release({ tag: "v2.10.25", assets: { "nats.tar.gz": "25" } });
    await release({ tag: "v2.10.26" });
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { tag: "v2.10.25" } },
      detail: "v2.10.26 has no files yet",
    });
  });

  test("row 9: of an upstream that never has files waits for none", async () => {
    const repositoryOfArc = host.store.addRepository("arcopen/arc");
    const hosted = await rig.git.addRepository("arcopen/arc");
    for (const tag of ["v1.0.0", "v1.0.1"]) {
      await hosted.commit(tag);
      await hosted.tag(tag);
      host.store.addRelease(repositoryOfArc, { tag });
    }
    await rig.configure("arc", [`${host.api}/arcopen/arc.git`], followed);
    await rig.install("arc", { version: "1.0.0" });
    expect((await rig.check("arc")).latest?.tag).toBe("v1.0.1");
  });

  test("row 9: a file that is replaced under its name stops the subsystem", async () => {
    await release({ tag: "v2.10.25", assets: { "nats.tar.gz": "25" } });
    await rig.check("nats");
    const before = released("v2.10.25");
    host.store.replaceAsset(before, "nats.tar.gz", "52");
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "quarantined", reason: "ASSET_REPLACED", isAvailable: false, latest: null },
      detail: expect.stringContaining("v2.10.25/nats.tar.gz was sha256:"),
    });
    await acceptAlarms(await rig.config(), "nats", new AbortController().signal);
    expect((await rig.check("nats")).state).toBe("update-available");
  });

  test("row 9: a file of the installed release that is replaced, or removed, stops it too", async () => {
    const installed = released("v2.10.24");
    host.store.replaceAsset(installed, "nats.tar.gz", "42");
    expect((await rig.check("nats")).reason).toBe("ASSET_REPLACED");
    installed.assets.length = 0;
    expect((await rig.check("nats")).reason).toBe("ASSET_REPLACED");
  });

  test("row 9: the same bytes uploaded again are the same file", async () => {
    const installed = released("v2.10.24");
    host.store.replaceAsset(installed, "nats.tar.gz", "24");
    expect((await rig.check("nats")).state).toBe("current");
  });

  test("row 9: without digests a file is known by its upload", async () => {
    await release({ tag: "v2.10.25", assets: { "nats.tar.gz": "25" } });
    assetOf("v2.10.25").digest = null;
    await rig.check("nats");
    expect((await rig.check("nats")).state).toBe("update-available");
    const published = released("v2.10.25");
    host.store.replaceAsset(published, "nats.tar.gz", "52").digest = null;
    expect((await rig.check("nats")).reason).toBe("ASSET_REPLACED");
  });

  test("row 9: a digest that is another than it was stops the subsystem", async () => {
    assetOf("v2.10.24").digest = `sha256:${"0".repeat(64)}`;
    expect((await rig.check("nats")).reason).toBe("ASSET_REPLACED");
  });

  test("drafts, prereleases and tags without a release are passed over", async () => {
    await release({ tag: "v2.10.25", assets: { "nats.tar.gz": "25" } });
    await release({ tag: "v2.10.26", isDraft: true });
    await release({ tag: "v2.10.27", isPrerelease: true, assets: { "nats.tar.gz": "27" } });
    await release({ tag: "v2.11.0-rc.1", isPrerelease: true, assets: { "nats.tar.gz": "rc" } });
    await repository.tag("v2.10.28");
    expect((await rig.check("nats")).latest?.tag).toBe("v2.10.25");
    await configure({ prereleases: true });
    expect((await rig.check("nats")).latest?.tag).toBe("v2.11.0-rc.1");
  });

  test("that is too young is taken when it is old enough, by the time the host says", async () => {
    await configure({ minimumAge: "1d" });
    await release({ tag: "v2.10.25", assets: { "nats.tar.gz": "25" } });
    expect(await rig.check("nats")).toMatchObject({ state: "waiting", reason: "TOO_YOUNG" });
    rig.now += 86_400_000;
    expect((await rig.check("nats")).state).toBe("update-available");
  });

  test("without a readable version waits for somebody's word", async () => {
    await rig.configure("nats", [remote], { ...followed, tagPrefix: "release-" });
    await release({ tag: "release-november", assets: { "nats.tar.gz": "11" } });
    await rig.install("nats", { commit: "1234567" });
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "quarantined", reason: "VERSION_UNREADABLE", isAvailable: false },
    });
    await acceptAlarms(await rig.config(), "nats", new AbortController().signal);
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { tag: "release-november" } },
    });
    await release({ tag: "release-december", assets: { "nats.tar.gz": "12" } });
    expect((await rig.check("nats")).reason).toBe("VERSION_UNREADABLE");
  });
});

describe("the interface of the host", () => {
  const refused = async (on: Parameters<ReleaseHostRig["fail"]>[0]): Promise<string | null> => {
    const before = await rig.manifest();
    const undo = host.fail(on);
    const reason = await rig.refusal("nats");
    undo();
    expect(await rig.manifest()).toBe(before);
    return reason;
  };

  test("is asked once where there is nothing new, and never for more than is needed", async () => {
    host.requests.length = 0;
    await rig.check("nats");
    expect(host.requests.map(({ path }) => path)).toEqual([
      "/api/v3/repos/nats-io/nats-server/releases/tags/v2.10.24",
    ]);
  });

  test("row 9: an answer that is cut, a page, or a limit is an error, and the manifest stays", async () => {
    expect(await refused({ on: "api", kind: "cut", at: 300 })).toBe("LISTING_INCOMPLETE");
    expect(await refused({ on: "api", kind: "close", at: 300 })).toBe("LISTING_INCOMPLETE");
    expect(await refused({ on: "api", kind: "html" })).toBe("REMOTE_NOT_GIT");
    expect(await refused({ on: "api", kind: "status", status: 503 })).toBe("REMOTE_UNAVAILABLE");
    const limit = { on: "api", kind: "rate-limit", resetAt: rig.now + 1000 } as const;
    expect(await refused(limit)).toBe("RATE_LIMITED");
    rig.timeoutMs = 300;
    expect(await refused({ on: "api", kind: "hang", at: 10 })).toBe("REMOTE_TIMED_OUT");
  });

  test("gives a second opinion on a branch whose server says nothing of its history", async () => {
    await rig.configure("nats", [remote], { strategy: "commits" });
    const first = (await rig.check("nats")).latest?.commit;
    const second = await repository.commit("next");
    rig.git.fail({ kind: "v1" });
    host.repository.comparisons.set(`${first}...${second}`, "diverged");
    expect((await rig.check("nats")).reason).toBe("BRANCH_REWRITTEN");
    host.repository.comparisons.set(`${first}...${second}`, "ahead");
    expect((await rig.check("nats")).latest?.commit).toBe(second);
  });
});
