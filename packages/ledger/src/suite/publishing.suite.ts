import { describe, expect, test } from "vitest";
import { FleetRig } from "./fleet-rig.js";
import type { LedgerClient } from "./ledger-client.js";
import { withVariable } from "./with-variable.js";

/** What is taken of a publisher, and what waits for a person. */
export function publishingSuite(getClient: () => LedgerClient): void {
  const rig = () => new FleetRig(getClient());

  /** A channel without machines, in which everything is settled at once. */
  async function settledRig(seq = 1): Promise<FleetRig> {
    const r = rig();
    await r.publish(seq);
    await r.until((state) => expect(state?.settled).toMatchObject({ seq }));
    return r;
  }

  describe("publishing", () => {
    test("a release goes to the channel, signed as it came; without machines it is settled", async () => {
      const r = rig();
      const release = r.release(1);
      expect(await r.publishRaw(release)).toEqual({ ok: true, mode: "running", generation: 0 });
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 1 }));
      expect(await r.target()).toEqual({
        ...{ channel: r.channel, subsystem: r.subsystem, generation: 1, rollout: null },
        settled: { release, seq: 1, version: "1.0.1" },
      });
    });

    test("machines hear of it once for each ring that has machines, and once when it is settled", async () => {
      const r = rig();
      const machine = await r.enrol();
      await machine.present();
      await r.untilSeen([machine]);
      const release = r.release(1);
      await r.publishRaw(release);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      expect(await r.target()).toMatchObject({
        ...{ generation: 1, settled: null },
        rollout: { release, seq: 1, version: "1.0.1", mode: "running", openTo: 0, ring: 0 },
      });
      await machine.report(machine.attempt(1, "committed"));
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 1 }));
      expect((await r.target())?.generation).toBe(2);
    });

    test("the same bytes again are answered as they stand and leave nothing", async () => {
      const r = await settledRig();
      const before = await r.story();
      expect(await r.publish(1)).toEqual({ ok: true, mode: "completed", generation: 1 });
      await Promise.all(Array.from({ length: 5 }, () => r.publish(1)));
      expect(await r.story()).toEqual(before);
    });

    test("a release is never changed: other bytes under its number are refused in its channel", async () => {
      const r = await settledRig();
      const other = r.release(1, { createdAt: 1_700_000_000_001 });
      expect(await r.publishRaw(other)).toMatchObject({ ok: false, code: "SEQ_TAKEN" });
      const { signatures } = other;
      const unsigned = { ...r.release(1), signatures: signatures.slice(1) };
      expect(await r.publishRaw(unsigned)).toMatchObject({ ok: false, code: "SEQ_TAKEN" });
      const elsewhere = { channel: `${r.channel}-beta` };
      expect(await r.publishRaw(r.release(1), elsewhere)).toMatchObject({ ok: true });
      expect(await r.publishRaw(other, elsewhere)).toMatchObject({ code: "SEQ_TAKEN" });
      expect((await r.story()).slice(-2)).toEqual(["refused 1", "refused 1"]);
      expect((await r.target())?.generation).toBe(1);
    });

    test("what a token of one channel publishes there takes no number from another", async () => {
      const r = await settledRig();
      const token = "a-token-of-dev-alone-0123";
      const dev = `${r.channel}-dev`;
      const setting = `${dev}/${r.subsystem}=${token}`;
      const junk = r.release(2, { version: "6.6.6", createdAt: 1_700_000_000_001 });
      await withVariable(getClient(), "TIDELINE_FLEET_TOKEN", setting, async () => {
        expect(await r.publishRaw(junk, { token, channel: dev })).toMatchObject({ ok: true });
      });
      expect(await r.publish(2)).toMatchObject({ ok: true, mode: "running" });
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 2, version: "1.0.2" }));
      expect((await r.target())?.settled?.release).toEqual(r.release(2));
      // Nor does it say what other machines run.
      const machine = await r.enrol();
      await machine.present(2);
      await r.untilSeen([machine]);
      const [row] = await r.machines();
      expect(row?.subsystems).toMatchObject([{ seq: 2, isOutlier: false }]);
      const back = { version: "6.6.6", reverts: 2 };
      expect(await r.publish(3, back)).toMatchObject({ code: "REVERTS_OTHER_BYTES" });
    });

    test("numbers only grow", async () => {
      const r = await settledRig(5);
      expect(await r.publish(4)).toEqual({
        ...{ ok: false, code: "SEQ_NOT_NEWER" },
        message: `Cannot publish release 4 of "${r.subsystem}": it is not above 5, the newest in "${r.channel}"`,
      });
      expect(await r.publish(7)).toMatchObject({ ok: true });
      expect(await r.publish(6)).toMatchObject({ code: "SEQ_NOT_NEWER" });
    });

    test("of many that publish different bytes under one number at the same time, one wins", async () => {
      const r = rig();
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => r.publish(1, { createdAt: 1_700_000_000_000 + n })),
      );
      expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
      expect(answers.filter((answer) => !answer.ok && answer.code === "SEQ_TAKEN")).toHaveLength(7);
    });

    test("what has expired is not published", async () => {
      const r = rig();
      const expired = { createdAt: 1_000, expiresAt: 2_000 };
      expect(await r.publish(1, expired)).toMatchObject({ code: "MANIFEST_EXPIRED" });
    });

    test("row 14: a revert has a higher number and older bytes, and is shown as one", async () => {
      const r = await settledRig();
      await r.publish(2);
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 2 }));
      const old = r.release(3, { version: "1.0.1", reverts: 1 });
      expect(await r.publishRaw(old)).toMatchObject({ ok: true, mode: "running" });
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 3, reverts: 1 }));
      expect((await r.target())?.settled).toMatchObject({ seq: 3, version: "1.0.1" });
    });

    test("a revert to what was never there, or with other binaries, is refused", async () => {
      const r = await settledRig(2);
      const unknown = { version: "1.0.1", reverts: 1 };
      expect(await r.publish(3, unknown)).toMatchObject({ code: "REVERTS_UNKNOWN" });
      const other = { version: "1.0.9", reverts: 2 };
      expect(await r.publish(3, other)).toMatchObject({ code: "REVERTS_OTHER_BYTES" });
    });

    test("a newer release takes the place of one that is on its way", async () => {
      const r = rig();
      const machine = await r.enrol();
      await machine.present();
      await r.untilSeen([machine]);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ seq: 1, ring: 0 }));
      await r.publish(2);
      await r.until((state) => expect(state?.rollout).toMatchObject({ seq: 2, ring: 0 }));
      expect(await r.publish(1)).toMatchObject({ ok: true, mode: "superseded" });
      await machine.report(machine.attempt(1, "committed"));
      await machine.report(machine.attempt(2, "committed"));
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 2 }));
      expect(await r.story()).toEqual([
        ...["publish 1", "open-ring 1 canaries", "publish 2", "supersede 1"],
        ...["open-ring 2 canaries", "open-ring 2 10 %", "open-ring 2 50 %"],
        ...["open-ring 2 everybody", "complete 2"],
      ]);
    });
  });

  describe("approval", () => {
    const major = { version: "2.0.0", updateClass: "major" } as const;

    test("show 9: a breaking major version waits, and approve lets it go", async () => {
      const r = await settledRig();
      const answer = await r.publish(2, major);
      expect(answer).toEqual({ ok: true, mode: "waiting-for-approval", generation: 2 });
      expect(await r.target()).toMatchObject({
        settled: { seq: 1 },
        rollout: { seq: 2, mode: "waiting-for-approval", openTo: 0, ring: -1, canaries: [] },
      });
      expect((await r.state())?.rollout).toMatchObject({
        ...{ seq: 2, version: "2.0.0", updateClass: "major", mode: "waiting-for-approval" },
        note: "Somebody has to approve it",
      });
      await r.client.advance(2_000);
      expect((await r.state())?.settled).toMatchObject({ seq: 1 });

      const approved = await r.decide(2, "approve", "tried on staging");
      expect(approved).toEqual({ ok: true, mode: "running", generation: 3 });
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 2 }));
      const { audit } = await r.view();
      expect(audit.find(({ action, seq }) => action === "approve" && seq === 2)).toMatchObject({
        ...{ actor: "token", channel: r.channel, version: "2.0.0", note: "tried on staging" },
      });
      expect(await r.decide(2, "approve")).toMatchObject({ ok: true, mode: "completed" });
    });

    test("show 9: a rejected one is never told to machines as something to install", async () => {
      const r = await settledRig();
      await r.publish(2, major);
      expect(await r.decide(2, "reject")).toMatchObject({ ok: true, mode: "rejected" });
      expect(await r.target()).toMatchObject({ settled: { seq: 1 }, rollout: null });
      expect(await r.decide(2, "approve")).toMatchObject({ code: "NOT_POSSIBLE_NOW" });
      expect(await r.publish(2, major)).toMatchObject({ ok: true, mode: "rejected" });
    });

    test.each([
      ["a major step that calls itself a patch", { version: "2.0.0" }],
      ["a minor step below 1.0 in its major sense", { version: "0.9.0" }],
      ["a version that is none", { version: "2026-11-21" }],
    ])("%s waits as well", async (_, change) => {
      const r = await settledRig();
      expect(await r.publish(2, change)).toMatchObject({ mode: "waiting-for-approval" });
    });

    test("the first release of all waits only if it says that it is major", async () => {
      expect(await rig().publish(1, { version: "7.0.0" })).toMatchObject({ mode: "running" });
      expect(await rig().publish(1, major)).toMatchObject({ mode: "waiting-for-approval" });
    });

    test("back to what was let through before, a revert needs nobody", async () => {
      const r = await settledRig();
      await r.publish(2, major);
      await r.decide(2, "approve");
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 2 }));
      const back = { version: "1.0.1", reverts: 1, updateClass: "major" } as const;
      expect(await r.publish(3, back)).toMatchObject({ ok: true, mode: "running" });
    });

    test("back to what nobody approved, a revert waits", async () => {
      const r = await settledRig();
      await r.publish(2, major);
      const back = { version: "2.0.0", reverts: 2, updateClass: "major" } as const;
      expect(await r.publish(3, back)).toMatchObject({ mode: "waiting-for-approval" });
    });

    test("while one waits, a patch on its way is left alone; approved, the one that waited goes first", async () => {
      const r = await settledRig();
      const machine = await r.enrol();
      await machine.present(1);
      await r.untilSeen([machine]);
      await r.publish(2);
      await r.until((state) => expect(state?.rollout).toMatchObject({ seq: 2, ring: 0 }));
      await r.publish(3, major);
      expect(await r.state()).toMatchObject({
        rollout: { seq: 2, mode: "running" },
        waiting: { seq: 3, version: "2.0.0" },
      });
      expect((await r.target())?.rollout).toMatchObject({ seq: 2, mode: "running" });
      await r.decide(3, "approve");
      await r.until((state) => expect(state).toMatchObject({ rollout: { seq: 3, ring: 0 } }));
      expect((await r.state())?.waiting).toBeNull();
      expect(await r.story()).toContain("supersede 2");
    });

    test("a newer release takes the place of one that waits", async () => {
      const r = await settledRig();
      await r.publish(2, major);
      await r.publish(3);
      expect(await r.decide(2, "approve")).toMatchObject({ code: "NOT_POSSIBLE_NOW" });
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 3 }));
    });

    test("what does not wait cannot be decided", async () => {
      const r = await settledRig();
      expect(await r.decide(1, "approve")).toMatchObject({ ok: false, code: "NOT_FOUND" });
      expect(await r.decide(9, "reject")).toMatchObject({ ok: false, code: "NOT_FOUND" });
    });
  });

  describe("pause, resume and halt", () => {
    async function rollingRig(): Promise<FleetRig> {
      const r = rig();
      const machine = await r.enrol();
      await machine.present();
      await r.untilSeen([machine]);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      return r;
    }

    test("a pause is told to machines, and a resumed rollout goes on where it stood", async () => {
      const r = await rollingRig();
      const { generation } = (await r.target()) ?? { generation: 0 };
      expect(await r.change("paused", "a look first")).toEqual({
        ...{ ok: true, mode: "paused", generation: generation + 1 },
      });
      expect((await r.target())?.rollout).toMatchObject({ mode: "paused", ring: 0 });
      expect(await r.change("paused")).toMatchObject({ generation: generation + 1 });
      expect(await r.change("running")).toMatchObject({ mode: "running" });
      expect((await r.target())?.rollout).toMatchObject({ mode: "running", ring: 0 });
      expect(await r.story()).toEqual(["publish 1", "open-ring 1 canaries", "pause 1", "resume 1"]);
    });

    test("what is paused counts on and opens nothing", async () => {
      const r = rig();
      const [machine] = await r.enrolMany(1);
      await machine?.present();
      await r.untilSeen(machine === undefined ? [] : [machine]);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      await r.change("paused");
      await machine?.report(machine.attempt(1, "committed"));
      await r.until((state) => expect(state?.rollout?.rings[0]).toMatchObject({ committed: 1 }));
      expect((await r.state())?.rollout).toMatchObject({ mode: "paused", ring: 0 });
      await r.change("running");
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 1 }));
    });

    test("a halt by hand stays until a person resumes", async () => {
      const r = await rollingRig();
      expect(await r.change("halted", "bad news")).toMatchObject({ ok: true, mode: "halted" });
      expect((await r.state())?.rollout).toMatchObject({ mode: "halted", note: "bad news" });
      expect(await r.change("paused")).toMatchObject({ code: "NOT_POSSIBLE_NOW" });
      expect(await r.change("running")).toMatchObject({ ok: true, mode: "running" });
    });

    test("without a rollout there is nothing to change", async () => {
      const r = await settledRig();
      expect(await r.change("paused")).toMatchObject({ ok: false, code: "NOT_FOUND" });
      await r.publish(2, { version: "2.0.0" });
      expect(await r.change("running")).toMatchObject({ ok: false, code: "NOT_POSSIBLE_NOW" });
    });
  });
}
