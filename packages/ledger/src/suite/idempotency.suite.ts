import { describe, expect, test } from "vitest";
import type { LedgerClient } from "./ledger-client.js";
import { failure, Rig } from "./rig.js";

/** What a record that is sent twice does. */
export function idempotencySuite(getClient: () => LedgerClient): void {
  const rig = () => new Rig(getClient());

  describe("idempotencyKey", () => {
    test("a repeat gets the first answer and leaves no second row", async () => {
      const r = rig();
      const first = await r.record("a", { idempotencyKey: "run-1" });
      await r.record("b");
      const second = await r.record("a", { idempotencyKey: "run-1" });
      expect(second).toEqual({ ...first, alreadyRecorded: true });
      expect(await r.story()).toEqual(["b deploy live @2", "a deploy replaced @1"]);
    });

    test("a lost answer's repeat gets it, also once others have recorded", async () => {
      const r = rig();
      await r.record("z");
      const sent = { idempotencyKey: "run-1", asOfEpoch: 1 };
      const first = await r.record("a", sent);
      expect(await r.record("a", sent)).toEqual({ ...first, alreadyRecorded: true });
      await r.record("b");
      expect(await r.record("a", sent)).toEqual({ ...first, alreadyRecorded: true });
    });

    test("whoever looks again while the build is live is told that it is recorded", async () => {
      const r = rig();
      const first = await r.record("a", { idempotencyKey: "run-1", asOfEpoch: 0 });
      const again = await r.record("a", { idempotencyKey: "run-1", asOfEpoch: 1 });
      expect(again).toEqual({ ...first, alreadyRecorded: true });
    });

    test("whoever has seen what came since records anew under the same key, once", async () => {
      const r = rig();
      await r.record("a", { idempotencyKey: "run-1", asOfEpoch: 0 });
      await r.record("b");
      const back = { idempotencyKey: "run-1", asOfEpoch: 2, allowRollback: true, notes: "back" };
      const second = await r.record("a", back);
      expect(second).toMatchObject({ kind: "rollback", epoch: 3, alreadyRecorded: false });
      expect(await r.record("a", back)).toEqual({ ...second, alreadyRecorded: true });
      expect(await r.story()).toEqual([
        "a rollback live @3",
        "b deploy replaced @2",
        "a deploy replaced @1",
      ]);
    });

    test("an epoch at which the build was live and is no longer is an old one", async () => {
      const r = rig();
      await r.record("a", { idempotencyKey: "run-1", asOfEpoch: 0 });
      await r.record("b");
      const late = { idempotencyKey: "run-1", asOfEpoch: 1, allowRollback: true };
      expect(await r.record("a", late)).toMatchObject({ ok: false, code: "SUPERSEDED" });
      expect(await r.latest()).toMatchObject({ buildId: "build-b", epoch: 2 });
    });

    test("repeats at the same moment leave one row", async () => {
      const r = rig();
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => r.record("a", { idempotencyKey: "run-1" })),
      );
      expect(answers.filter((answer) => answer.ok && !answer.alreadyRecorded)).toHaveLength(1);
      expect(await r.story()).toEqual(["a deploy live @1"]);
    });

    test.each([
      ["version", { version: "9.9.9" }],
      ["build", { buildId: "build-z" }],
      ["notes", { notes: "other" }],
      ["tag", { gitTag: "v9" }],
      ["severity", { severity: "critical" }],
      ["inputs", { inputsId: "inputs-z" }],
      ["image", { imageDigest: `sha256:${"0".repeat(64)}` }],
    ] as const)("a key that comes with another %s is an error", async (_, other) => {
      const r = rig();
      await r.record("a", { idempotencyKey: "run-1" });
      const again = r.record("a", { idempotencyKey: "run-1", ...other });
      expect(await failure(again, "IDEMPOTENCY_KEY_REUSED")).toContain('"1.0.0-a"');
      expect(await r.story()).toEqual(["a deploy live @1"]);
    });

    test("a repeat whose build time is the clock's gets the first answer, and the row keeps the first time", async () => {
      const r = rig();
      const first = await r.record("a", { idempotencyKey: "run-1" });
      const again = await r.record("a", { idempotencyKey: "run-1", buildTime: 1 });
      expect(again).toEqual({ ...first, alreadyRecorded: true });
      const { page } = await r.history({ paginationOpts: { numItems: 10, cursor: null } });
      expect(page.map(({ buildTime }) => buildTime)).toEqual([1_700_000_000_000]);
    });

    test("a repeated refusal whose build time is the clock's leaves one row", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      const first = await r.record("a", { idempotencyKey: "run-1" });
      expect(await r.record("a", { idempotencyKey: "run-1", buildTime: 1 })).toEqual(first);
      expect(await r.story()).toHaveLength(3);
    });

    test("one key means nothing to another target", async () => {
      const r = rig();
      await r.record("a", { idempotencyKey: "run-1" });
      const other = { idempotencyKey: "run-1", environment: "staging" };
      expect(await r.record("b", other)).toMatchObject({ ok: true, alreadyRecorded: false });
    });

    test("a repeated refusal leaves one row", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      const first = await r.record("a", { idempotencyKey: "run-1" });
      expect(await r.record("a", { idempotencyKey: "run-1" })).toEqual(first);
      expect(await r.story()).toHaveLength(3);
    });

    test("a refusal does not use up the key", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      await r.record("a", { idempotencyKey: "run-1" });
      const allowed = { idempotencyKey: "run-1", allowRollback: true };
      const taken = await r.record("a", allowed);
      expect(taken).toMatchObject({ kind: "rollback", alreadyRecorded: false });
      expect(await r.record("a", allowed)).toEqual({ ...taken, alreadyRecorded: true });
    });
  });
}
