/** Rows 2 to 5: tags that move, branches that are rewritten, events that never come, remotes that differ. */
import { acceptAlarms, connectRemote, containsCommit } from "@tideline/fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HostedGit } from "../git-host-rig/index.js";
import { DetectRig } from "./detect-rig.js";

let rig: DetectRig;
let nats: HostedGit;
beforeEach(async () => {
  rig = await DetectRig.start();
  nats = await rig.git.addRepository("nats");
});
afterEach(() => rig.close());

const accept = async (name: string) =>
  await acceptAlarms(await rig.config(), name, new AbortController().signal);

/** Tags and commits, oldest first. */
async function release(...tags: readonly string[]): Promise<string[]> {
  const commits: string[] = [];
  for (const tag of tags) {
    await nats.commit(tag);
    commits.push(await nats.tag(tag, { isAnnotated: true }));
  }
  return commits;
}

describe("a tag that was moved", () => {
  let commits: string[];
  beforeEach(async () => {
    commits = await release("v2.10.23", "v2.10.24", "v2.10.25");
    await rig.configure("nats", [nats.url]);
    await rig.install("nats", { version: "2.10.24" });
    await rig.check("nats");
  });

  test("row 2: stops the subsystem, is told, and the manifest keeps the latest that was", async () => {
    await nats.bare.git("update-ref", "refs/tags/v2.10.25", commits[0] ?? "");
    const check = await rig.check("nats");
    expect(check).toMatchObject({
      ...{ state: "quarantined", isAvailable: false, reason: "TAG_MOVED", latest: null },
      detail: expect.stringContaining("v2.10.25 was "),
    });
    const { nats: row } = JSON.parse(await rig.manifest()).subsystems;
    expect(row).toMatchObject({
      ...{ latest_tag: "v2.10.25", latest_commit: commits[2], update_available: false },
      ...{ state: "quarantined", reason: "TAG_MOVED" },
    });
  });

  test("row 2: stops it too if it is the installed one, or one that nobody wants any more", async () => {
    for (const tag of ["v2.10.24", "v2.10.23"]) {
      const before = await nats.bare.git("rev-parse", `refs/tags/${tag}`);
      await nats.bare.git("update-ref", `refs/tags/${tag}`, commits[2] ?? "");
      expect((await rig.check("nats")).reason).toBe("TAG_MOVED");
      await nats.bare.git("update-ref", `refs/tags/${tag}`, before);
    }
  });

  test("row 2: stays an alarm until somebody accepts it, or it is back where it was", async () => {
    const before = await nats.bare.git("rev-parse", "refs/tags/v2.10.25");
    await nats.bare.git("update-ref", "refs/tags/v2.10.25", commits[1] ?? "");
    const first = await rig.check("nats");
    rig.now += 1000;
    const second = await rig.check("nats");
    expect(second.memory.alarms).toEqual(first.memory.alarms);
    await nats.bare.git("update-ref", "refs/tags/v2.10.25", before);
    expect((await rig.check("nats")).state).toBe("update-available");
    await nats.bare.git("update-ref", "refs/tags/v2.10.25", commits[0] ?? "");
    await rig.check("nats");
    expect(await accept("nats")).toMatchObject([{ reason: "TAG_MOVED", ref: "v2.10.25" }]);
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { tag: "v2.10.25", commit: commits[0] } },
    });
    await nats.bare.git("update-ref", "refs/tags/v2.10.25", commits[1] ?? "");
    expect((await rig.check("nats")).reason).toBe("TAG_MOVED");
  });

  test("row 2: a tag that is made anew for the same commit is the same, a floating one is none", async () => {
    await nats.work.git("tag", "-f", "-a", "-m", "signed again", "v2.10.25", commits[2] ?? "");
    await nats.work.git("tag", "v2");
    await nats.work.git("push", "--quiet", "--force", "origin", "v2.10.25", "v2");
    await rig.check("nats");
    await nats.bare.git("update-ref", "refs/tags/v2", commits[0] ?? "");
    expect((await rig.check("nats")).state).toBe("update-available");
  });

  test("row 2: an override to the tag is stopped, one to the commit is not", async () => {
    await nats.bare.git("update-ref", "refs/tags/v2.10.25", commits[0] ?? "");
    await rig.configure("nats", [nats.url], { override: "v2.10.25" });
    expect((await rig.check("nats")).reason).toBe("TAG_MOVED");
    await rig.configure("nats", [nats.url], { override: commits[2] ?? "" });
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { commit: commits[2] } },
    });
  });

  test("the highest tag, if it is withdrawn, lowers nothing before somebody has looked", async () => {
    await nats.bare.git("update-ref", "-d", "refs/tags/v2.10.25");
    expect(await rig.check("nats")).toMatchObject({
      state: "quarantined",
      reason: "TAG_WITHDRAWN",
    });
    await accept("nats");
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "current", latest: { tag: "v2.10.24" } },
    });
  });
});

describe("a branch that is followed", () => {
  const followed = { strategy: "commits" } as const;
  let first: string;
  beforeEach(async () => {
    first = await nats.commit("one", { a: "1" });
    await rig.configure("nats", [nats.url], followed);
    await rig.install("nats", { commit: first.slice(0, 7) });
    expect(await rig.check("nats")).toMatchObject({ state: "current", isAvailable: false });
  });

  const pushForced = async (): Promise<string> => {
    await nats.work.git("push", "--quiet", "--force", "origin", "HEAD:refs/heads/main");
    return await nats.work.git("rev-parse", "HEAD");
  };

  test("gives its tip, whatever its digits are", async () => {
    for (let index = 0; index < 4; index += 1) {
      const commit = await nats.commit(`more ${index}`);
      expect(await rig.check("nats")).toMatchObject({
        ...{ state: "update-available", latest: { tag: null, commit } },
      });
    }
    expect((await rig.check("nats")).memory.alarms).toEqual([]);
  });

  test("row 3: is stopped when it is rewritten: the last commit amended", async () => {
    await nats.commit("two", { a: "2" });
    await rig.check("nats");
    await nats.work.git("commit", "--quiet", "--amend", "--message", "two, better");
    const now = await pushForced();
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "quarantined", reason: "BRANCH_REWRITTEN", isAvailable: false },
    });
    await accept("nats");
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { commit: now } },
    });
  });

  test("row 3: is stopped when it is set back, and goes on when it is as it was", async () => {
    const second = await nats.commit("two", { a: "2" });
    await rig.check("nats");
    await nats.bare.git("update-ref", "refs/heads/main", first);
    expect((await rig.check("nats")).reason).toBe("BRANCH_REWRITTEN");
    await nats.bare.git("update-ref", "refs/heads/main", second);
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { commit: second } },
    });
  });

  test("row 3: is stopped when the server has forgotten the commit", async () => {
    await nats.commit("two", { a: "2" });
    await rig.check("nats");
    await nats.work.git("checkout", "--quiet", "--orphan", "other");
    await nats.work.commit("another history", { b: "1" });
    await pushForced();
    await nats.bare.git("reflog", "expire", "--expire=now", "--all");
    await nats.bare.git("gc", "--quiet", "--prune=now");
    expect((await rig.check("nats")).reason).toBe("BRANCH_REWRITTEN");
  });

  test("a merge of twenty commits is no rewriting, and costs no more than a few bytes", async () => {
    await nats.work.git("checkout", "--quiet", "-b", "feature");
    for (let index = 0; index < 20; index += 1) {
      await nats.work.commit(`feature ${index}`, { [`f${index}`]: "x".repeat(10_000) });
    }
    await nats.work.git("checkout", "--quiet", "-");
    await nats.commit("meanwhile", { b: "2" });
    await nats.work.git("merge", "--quiet", "--no-ff", "--message", "merged", "feature");
    const tip = await pushForced();
    const before = rig.git.wireBytes();
    const remote = await connectRemote(nats.url, rig.world());
    expect(await containsCommit(remote, tip, first, rig.world())).toBe("contained");
    expect(await containsCommit(remote, first, tip, rig.world())).toBe("not-contained");
    expect(await containsCommit(remote, tip, "1".repeat(40), rig.world())).toBe("gone");
    expect(rig.git.wireBytes().received - before.received).toBeLessThan(3000);
    expect((await rig.check("nats")).state).toBe("update-available");
  });

  test("without an answer about its history it has changed, and no more is said", async () => {
    const second = await nats.commit("two", { a: "2" });
    rig.git.fail({ kind: "v1" });
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { commit: second } },
    });
  });

  test("a tip that is too young waits, and the one before it counts", async () => {
    await rig.configure("nats", [nats.url], { ...followed, minimumAge: "1d" });
    const second = await nats.commit("two", { a: "2" });
    expect(await rig.check("nats")).toMatchObject({ state: "waiting", reason: "TOO_YOUNG" });
    rig.now += 86_400_000;
    await nats.commit("three", { a: "3" });
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { commit: second } },
      detail: expect.stringContaining("is taken from"),
    });
  });

  test("a branch that is not there is REF_NOT_FOUND, also beside one that begins like it", async () => {
    await nats.work.git("push", "--quiet", "origin", "HEAD:refs/heads/release-2");
    await rig.configure("nats", [nats.url], { ...followed, branch: "release" });
    expect(await rig.refusal("nats")).toBe("REF_NOT_FOUND");
  });
});

describe("five tags in one push", () => {
  test("row 4: are all found by the next look, without any event", async () => {
    await release("v1.0.0");
    await rig.configure("nats", [nats.url]);
    await rig.install("nats", { version: "1.0.0" });
    await rig.check("nats");
    const tags = ["v1.0.1", "v1.0.2", "v1.1.0", "v1.10.0", "v1.9.0"];
    await nats.commit("much");
    for (const tag of tags) await nats.work.git("tag", tag);
    await nats.work.git("push", "--quiet", "origin", "--tags");
    const check = await rig.check("nats");
    expect(check).toMatchObject({ state: "update-available", latest: { tag: "v1.10.0" } });
    expect(Object.keys(check.memory.tags)).toEqual(expect.arrayContaining(tags));
  });
});

describe("two remotes", () => {
  let mirror: HostedGit;
  let both: string[];
  beforeEach(async () => {
    await release("v2.10.23", "v2.10.24");
    mirror = await rig.git.addMirror("mirror", nats);
    both = [nats.url, mirror.url];
    await rig.configure("nats", both);
    await rig.install("nats", { version: "2.10.24" });
  });

  test("row 5: a stale mirror below lowers nothing, with the first remote up or down", async () => {
    await release("v2.10.25");
    expect((await rig.check("nats")).latest?.tag).toBe("v2.10.25");
    rig.git.fail({ kind: "status", status: 503, repository: "nats" });
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { tag: "v2.10.25" } },
    });
  });

  test("row 5: a stale mirror above does not hide what a lower remote has", async () => {
    const [commit] = await release("v2.10.25");
    await rig.configure("nats", [mirror.url, nats.url]);
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { tag: "v2.10.25", commit, remote: nats.url } },
    });
  });

  test("row 5: the first remote down, a lower one raises", async () => {
    await rig.check("nats");
    await mirror.work.git("fetch", "--quiet", "--tags", "origin");
    await mirror.work.git("checkout", "--quiet", "v2.10.24");
    await mirror.commit("newer");
    await mirror.tag("v2.10.25");
    rig.git.fail({ kind: "hang", repository: "nats" });
    rig.timeoutMs = 300;
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { tag: "v2.10.25", remote: mirror.url } },
    });
  });

  test("row 5: two that name different commits for one tag stop the subsystem", async () => {
    const other = await nats.bare.git("rev-parse", "v2.10.23^{commit}");
    await mirror.bare.git("update-ref", "refs/tags/v2.10.24", other);
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "quarantined", reason: "REMOTES_DISAGREE", isAvailable: false },
      detail: expect.stringContaining(mirror.url),
    });
    await accept("nats");
    expect((await rig.check("nats")).state).toBe("current");
  });

  test("row 5: a lower one that contradicts what the first one said stops it too, while that is down", async () => {
    await release("v2.10.25");
    await rig.check("nats");
    await mirror.bare.git("tag", "v2.10.25", "v2.10.23^{commit}");
    rig.git.fail({ kind: "status", status: 503, repository: "nats" });
    expect((await rig.check("nats")).reason).toBe("REMOTES_DISAGREE");
  });

  test("row 5: nobody answers: the first one's reason, and every remote named", async () => {
    rig.git.fail({ kind: "status", status: 401, repository: "nats" });
    rig.git.fail({ kind: "no-flush", on: "post", repository: "mirror" });
    const { failures } = await rig.checkAll();
    expect(failures[0]?.error.reason).toBe("REMOTE_UNAUTHORIZED");
    expect(failures[0]?.error.message).toContain("/nats.git");
    expect(failures[0]?.error.message).toContain("/mirror.git");
  });

  test("row 5: of two tips the lower remote's counts only if it follows", async () => {
    await rig.configure("nats", [mirror.url, nats.url], { strategy: "commits" });
    await rig.install("nats", { commit: await nats.work.git("rev-parse", "HEAD") });
    const newer = await nats.commit("newer");
    expect((await rig.check("nats")).latest).toMatchObject({ commit: newer, remote: nats.url });
    rig.git.fail({ kind: "status", status: 503, repository: "nats" });
    expect(await rig.check("nats")).toMatchObject({
      ...{ state: "update-available", latest: { commit: newer } },
    });
  });
});
