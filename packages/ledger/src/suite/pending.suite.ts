import { describe, expect, test } from "vitest";
import type { LedgerClient } from "./ledger-client.js";
import { Rig } from "./rig.js";

/** What an announcement does, and every way in which it ends. */
export function pendingSuite(getClient: () => LedgerClient): void {
  const rig = () => new Rig(getClient());

  describe("announcing", () => {
    test("unknown + announce -> pending, with the epoch to record against", async () => {
      const r = rig();
      await r.record("a");
      expect(await r.announce("b")).toEqual({
        ok: true,
        state: "pending",
        buildId: "build-b",
        epoch: 1,
        expiresAt: expect.any(Number),
      });
      expect(await r.clientBuild("b")).toEqual({ state: "pending" });
    });

    test("pending + record -> known", async () => {
      const r = rig();
      await r.record("a");
      await r.announce("b");
      await r.record("b");
      expect(await r.clientBuild("b")).toEqual({ state: "known", firstEpoch: 2, lastEpoch: 2 });
    });

    test("pending + abort -> unknown, and a second abort has nothing to end", async () => {
      const r = rig();
      await r.record("a");
      await r.announce("b");
      expect(await r.abort("b")).toEqual({ ok: true });
      expect(await r.clientBuild("b")).toEqual({ state: "unknown" });
      expect(await r.abort("b")).toMatchObject({ ok: false, code: "NOTHING_PENDING" });
    });

    test("pending + refused record -> unknown", async () => {
      const r = rig();
      await r.record("a");
      await r.announce("b");
      await r.hold("incident");
      expect(await r.record("b")).toMatchObject({ ok: false, code: "TARGET_HELD" });
      expect(await r.clientBuild("b")).toEqual({ state: "unknown" });
    });

    test("an abort does not touch a build that was live", async () => {
      const r = rig();
      await r.record("a");
      expect(await r.abort("a")).toMatchObject({ ok: false, code: "NOTHING_PENDING" });
      expect(await r.clientBuild("a")).toMatchObject({ state: "known" });
    });

    test("a build that was live once is never pending", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      expect(await r.announce("a", { allowRollback: true })).toEqual({
        ok: true,
        state: "live",
        buildId: "build-a",
        epoch: 2,
        expiresAt: null,
      });
      expect(await r.clientBuild("a")).toMatchObject({ state: "known" });
    });

    test("it is refused where recording would be", async () => {
      const r = rig();
      await r.record("a");
      await r.record("b");
      expect(await r.announce("a")).toMatchObject({ ok: false, code: "ROLLBACK_NOT_ALLOWED" });
      await r.hold("incident");
      expect(await r.announce("c")).toMatchObject({ ok: false, code: "TARGET_HELD" });
      expect(await r.clientBuild("c")).toEqual({ state: "unknown" });
    });

    test("a target that nothing was recorded for can be announced to", async () => {
      const r = rig();
      expect(await r.announce("a")).toMatchObject({ ok: true, state: "pending", epoch: 0 });
      expect(await r.latest("a")).toBeNull();
    });

    test("pending + time over -> known since its announcement, but not if it was announced again", async () => {
      const r = rig();
      await r.client.setVariable("TIDELINE_PENDING_TTL_MS", "600");
      try {
        await r.record("a");
        await r.announce("b");
        await r.client.setVariable("TIDELINE_PENDING_TTL_MS", "60000");
        await r.announce("c");
        await r.announce("b");
        await r.client.advance(700);
        expect(await r.clientBuild("b")).toEqual({ state: "pending" });
        await r.client.setVariable("TIDELINE_PENDING_TTL_MS", "600");
        await r.announce("b");
        await r.client.advance(700);
        expect(await r.clientBuild("b")).toEqual({ state: "known", firstEpoch: 1, lastEpoch: 1 });
        expect(await r.clientBuild("c")).toEqual({ state: "pending" });
      } finally {
        await r.client.setVariable("TIDELINE_PENDING_TTL_MS", null);
      }
    });

    test("nobody but the scheduler ends an announcement by its time", async () => {
      const call = getClient().mutation("deployments:expirePendingBuild", {
        id: "x",
        expiresAt: 0,
      });
      await expect(call).rejects.toThrow();
    });
  });

  describe("holding", () => {
    test("a held target takes no record until it is released", async () => {
      const r = rig();
      await r.record("a");
      expect(await r.hold("incident 7")).toMatchObject({ ok: true });
      const answer = await r.record("b");
      expect(answer).toMatchObject({ ok: false, code: "TARGET_HELD" });
      expect(answer).toHaveProperty("message", expect.stringContaining("incident 7"));
      expect(await r.record("a")).toMatchObject({ ok: false, code: "TARGET_HELD" });
      expect(await r.release()).toEqual({ ok: true, wasHeld: true });
      expect(await r.record("b")).toMatchObject({ ok: true, epoch: 2 });
    });

    test("holding again changes the reason and keeps since when", async () => {
      const r = rig();
      await r.record("a");
      const { hold } = await r.hold("first");
      await r.client.advance(5);
      expect(await r.hold("second")).toEqual({
        ok: true,
        hold: { reason: "second", since: hold.since },
      });
      expect((await r.target())?.hold).toEqual({ reason: "second", since: hold.since });
    });

    test("releasing what is not held says so", async () => {
      const r = rig();
      await r.record("a");
      expect(await r.release()).toEqual({ ok: true, wasHeld: false });
    });

    test("a target that nothing was recorded for cannot be held", async () => {
      const r = rig();
      expect(await r.hold("typo")).toMatchObject({ ok: false, code: "NOTHING_RECORDED" });
      expect(await r.release()).toMatchObject({ ok: false, code: "NOTHING_RECORDED" });
    });
  });
}
