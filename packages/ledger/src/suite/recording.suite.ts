import { describe, expect, test } from "vitest";
import type { LedgerClient } from "./ledger-client.js";
import { commitOf, Rig } from "./rig.js";

/** What a record does to its target. */
export function recordingSuite(getClient: () => LedgerClient): void {
  const rig = () => new Rig(getClient());

  describe("recording", () => {
    test("nothing recorded is null", async () => {
      expect(await rig().latest()).toBeNull();
    });

    test("the first record is a deploy in epoch 1", async () => {
      const r = rig();
      expect(await r.record("a")).toEqual({
        ok: true,
        deploymentId: expect.any(String),
        kind: "deploy",
        buildId: "build-a",
        epoch: 1,
        alreadyRecorded: false,
      });
    });

    test("the answer to a watcher is the public projection and nothing more", async () => {
      const r = rig();
      await r.record("a", { gitTag: "v1.0.0", notes: "first", commitTime: 5, idempotencyKey: "k" });
      expect(await r.latest("a")).toEqual({
        ...r.name,
        buildId: "build-a",
        version: "1.0.0-a",
        gitCommit: commitOf("a"),
        gitTag: "v1.0.0",
        buildNumber: 7,
        buildTime: 1_700_000_000_000,
        deployedAt: expect.any(Number),
        notes: "first",
        epoch: 1,
        kind: "deploy",
        firstEpoch: 1,
        criticalEpoch: null,
        clientBuild: { state: "known", firstEpoch: 1, lastEpoch: 1 },
      });
    });

    test("a call with the required arguments and gitTag null gets its label as build id", async () => {
      const r = rig();
      const { buildId, ...args } = r.args("a", { gitTag: null, gitCommit: "unknown" });
      expect(await r.recordRaw({ ...args })).toMatchObject({ buildId: "label:1.0.0-a", epoch: 1 });
      expect(await r.latest()).toMatchObject({ buildId: "label:1.0.0-a", gitTag: null });
    });

    test("a version with a space in it has one build id, given or not", async () => {
      const r = rig();
      const { buildId, ...args } = r.args("a", { version: "2026 spring" });
      expect(await r.recordRaw({ ...args })).toMatchObject({ buildId: "label:2026 spring" });
      const given = await r.recordRaw({ ...args, buildId: "label:2026 spring" });
      expect(given).toMatchObject({ kind: "redeploy" });
    });

    test("another build moves the epoch by one and replaces the older row", async () => {
      const r = rig();
      await r.record("a");
      expect(await r.record("b")).toMatchObject({ kind: "deploy", epoch: 2 });
      expect(await r.story()).toEqual(["b deploy live @2", "a deploy replaced @1"]);
    });

    test("the live build again is a redeploy: newer row, same epoch", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      expect(await r.record("b", { version: "1.0.1", gitCommit: commitOf("c") })).toMatchObject({
        kind: "redeploy",
        epoch: 2,
      });
      expect(await r.latest()).toMatchObject({ version: "1.0.1", epoch: 2, kind: "deploy" });
      expect(await r.story()).toEqual([
        "b redeploy live @2",
        "b deploy replaced @2",
        "a deploy replaced @1",
      ]);
    });

    test("the live commit built anew is a deploy", async () => {
      const r = rig();
      await r.record("a");
      expect(await r.record("a", { buildId: "build-a2" })).toMatchObject({
        kind: "deploy",
        epoch: 2,
      });
    });

    test("two targets of one app do not touch each other", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b", { environment: "staging" });
      expect(await r.latest("b")).toMatchObject({
        epoch: 1,
        buildId: "build-a",
        clientBuild: { state: "unknown" },
      });
    });

    test("records at the same moment leave one live row and one epoch each", async () => {
      const r = rig();
      const letters = [..."abcdefghijklmnop"];
      const answers = await Promise.all(letters.map((letter) => r.record(letter)));
      const epochs = answers.map((answer) => (answer.ok ? answer.epoch : 0));
      expect(epochs.toSorted((x, y) => x - y)).toEqual(letters.map((_, i) => i + 1));
      const story = await r.story();
      expect(story.filter((line) => line.includes(" live "))).toHaveLength(1);
      expect(story).toHaveLength(letters.length);
    });
  });

  describe("going back", () => {
    test("a commit that was live before is refused, with both versions named", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      const answer = await r.record("a");
      expect(answer).toMatchObject({ ok: false, code: "ROLLBACK_NOT_ALLOWED" });
      expect(answer).toHaveProperty("message", expect.stringContaining('"1.0.0-a"'));
      expect(answer).toHaveProperty("message", expect.stringContaining('"1.0.0-b"'));
      expect(await r.latest()).toMatchObject({ buildId: "build-b", epoch: 2 });
      expect(await r.story()).toEqual([
        "a rollback refused @2",
        "b deploy live @2",
        "a deploy replaced @1",
      ]);
    });

    test("it is refused also when an old job built other bytes from it", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      const answer = await r.record("a", { buildId: "build-a2" });
      expect(answer).toMatchObject({ ok: false, code: "ROLLBACK_NOT_ALLOWED" });
    });

    test("it is refused also when its SHA comes in capitals", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      const answer = await r.record("a", { gitCommit: commitOf("a").toUpperCase() });
      expect(answer).toMatchObject({ ok: false, code: "ROLLBACK_NOT_ALLOWED" });
    });

    test("allowRollback makes it a rollback in a new epoch", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      expect(await r.record("a", { allowRollback: true })).toMatchObject({
        kind: "rollback",
        epoch: 3,
      });
      expect(await r.latest("b")).toMatchObject({
        kind: "rollback",
        epoch: 3,
        firstEpoch: 1,
        clientBuild: { state: "known", firstEpoch: 2, lastEpoch: 2 },
      });
      expect(await r.clientBuild("a")).toEqual({ state: "known", firstEpoch: 1, lastEpoch: 3 });
      expect(await r.target()).toMatchObject({ lastRollbackEpoch: 3 });
    });

    test("a redeploy of what was rolled back to stays a rollback to its watchers", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      await r.record("a", { allowRollback: true });
      expect(await r.record("a")).toMatchObject({ kind: "redeploy", epoch: 3 });
      expect(await r.latest()).toMatchObject({ kind: "rollback", epoch: 3 });
    });

    test("allowRollback changes nothing for a commit that was never live", async () => {
      const r = rig();
      await r.record("a");
      expect(await r.record("b", { allowRollback: true })).toMatchObject({ kind: "deploy" });
      const revert = { gitCommit: commitOf("c"), allowRollback: true };
      expect(await r.record("a", revert)).toMatchObject({ kind: "deploy", epoch: 3 });
    });

    test("a revert, a new commit with an older build, is a deploy", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      expect(await r.record("a", { gitCommit: commitOf("c") })).toMatchObject({
        kind: "deploy",
        epoch: 3,
      });
      expect(await r.latest()).toMatchObject({ kind: "deploy", firstEpoch: 1 });
    });

    test("the first of two commits with the same bytes is still known as live before", async () => {
      const r = rig();
      await r.record("a");
      await r.record("a", { gitCommit: commitOf("c") });
      await r.record("b");
      expect(await r.record("a")).toMatchObject({ ok: false, code: "ROLLBACK_NOT_ALLOWED" });
      const second = { gitCommit: commitOf("c") };
      expect(await r.record("a", second)).toMatchObject({ code: "ROLLBACK_NOT_ALLOWED" });
    });

    test("each of two commits with the live bytes may be built anew", async () => {
      const r = rig();
      await r.record("a");
      await r.record("a", { gitCommit: commitOf("c") });
      await r.record("a");
      const anew = await r.record("c", { gitCommit: commitOf("c") });
      expect(anew).toMatchObject({ kind: "deploy", epoch: 2 });
      expect(await r.record("a")).toMatchObject({ ok: false, code: "ROLLBACK_NOT_ALLOWED" });
    });

    test("an older build of the live commit is a rollback only where one is allowed", async () => {
      const r = rig();
      const gitCommit = commitOf("a");
      await r.record("a");
      await r.record("b", { gitCommit });
      expect(await r.record("a", { allowRollback: true })).toMatchObject({ kind: "rollback" });
      expect(await r.record("b", { gitCommit })).toMatchObject({ kind: "deploy", epoch: 4 });
    });

    test.each(["unknown", "dev", "abc1234-dirty", "0000000"])(
      "records of commit %j are never compared by it",
      async (gitCommit) => {
        const r = rig();
        await r.record("a", { gitCommit });
        await r.record("b");
        expect(await r.record("a", { gitCommit })).toMatchObject({ kind: "deploy", epoch: 3 });
        expect(await r.record("b", { gitCommit, allowRollback: true })).toMatchObject({
          kind: "rollback",
        });
      },
    );
  });

  describe("severity", () => {
    test("criticalEpoch is the newest epoch with a critical deployment", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b", { severity: "critical" });
      await r.record("c");
      expect(await r.latest()).toMatchObject({ epoch: 3, criticalEpoch: 2 });
    });

    test("a critical redeploy makes the live epoch critical", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      await r.record("b", { severity: "critical" });
      expect(await r.latest()).toMatchObject({ epoch: 2, criticalEpoch: 2 });
    });
  });

  describe("asOfEpoch", () => {
    test("a record that looked before another landed is superseded", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b", { asOfEpoch: 1 });
      const answer = await r.record("c", { asOfEpoch: 1 });
      expect(answer).toMatchObject({ ok: false, code: "SUPERSEDED" });
      expect(answer).toHaveProperty("message", expect.stringContaining('"1.0.0-b"'));
      expect(await r.story()).toEqual([
        "c deploy superseded @2",
        "b deploy live @2",
        "a deploy replaced @1",
      ]);
    });

    test("pages of the superseded build learn that they are outdated", async () => {
      const r = rig();
      await r.record("a");
      await r.announce("c");
      await r.record("b", { asOfEpoch: 1 });
      await r.record("c", { asOfEpoch: 1 });
      expect(await r.clientBuild("c")).toEqual({ state: "known", firstEpoch: 1, lastEpoch: 1 });
    });

    test("a superseded build that comes to be live later is first live then", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      await r.record("c", { asOfEpoch: 1 });
      expect(await r.record("c", { asOfEpoch: 2 })).toMatchObject({ kind: "deploy", epoch: 3 });
      expect(await r.clientBuild("c")).toEqual({ state: "known", firstEpoch: 3, lastEpoch: 3 });
    });

    test("who saw what is live now was not overtaken", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      expect(await r.record("b", { asOfEpoch: 1 })).toMatchObject({ kind: "redeploy", epoch: 2 });
    });

    test("0 is the epoch before the first record", async () => {
      const r = rig();
      expect(await r.record("a", { asOfEpoch: 0 })).toMatchObject({ ok: true, epoch: 1 });
      expect(await r.record("b", { asOfEpoch: 0 })).toMatchObject({ code: "SUPERSEDED" });
    });
  });
}
