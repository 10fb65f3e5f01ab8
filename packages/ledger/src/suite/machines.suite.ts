import { generateKeyPairSync } from "node:crypto";
import type { AttemptReport, FleetMachine } from "@tideline/version/fleet";
import { FLEET_FUNCTIONS } from "@tideline/version/fleet";
import { describe, expect, test } from "vitest";
import {
  enrolment,
  FLEET_TOKEN,
  FleetRig,
  PLATFORM,
  sha256Of,
  type TestMachine,
} from "./fleet-rig.js";
import type { LedgerClient } from "./ledger-client.js";
import { failure } from "./rig.js";

/** What machines may say, and what is seen of it. */
export function machinesSuite(getClient: () => LedgerClient): void {
  const rig = () => new FleetRig(getClient());
  const REPORT = FLEET_FUNCTIONS.reportAttempts;

  /** What the fleet shows of a machine, once it is as it should be. */
  async function shown(
    r: FleetRig,
    { machineId }: TestMachine,
    check: (machine: FleetMachine | undefined) => void,
  ): Promise<void> {
    for (let step = 0; ; step++) {
      const machine = (await r.machines()).find((row) => row.machineId === machineId);
      try {
        return check(machine);
      } catch (error) {
        if (step === 60) throw error;
      }
      await r.client.advance(r.client.isTimeFake ? 1_000 : 150);
    }
  }

  describe("enrolment", () => {
    test("the same key again is the same machine, by its newest name and channel", async () => {
      const r = rig();
      const { privateKey } = generateKeyPairSync("ed25519");
      const enrol = async (change: object) => {
        const args = enrolment(privateKey, { name: "first", channel: r.channel, ...change });
        return await r.client.mutation(FLEET_FUNCTIONS.enrolMachine, args);
      };
      const first = await enrol({});
      expect(await enrol({ name: "second" })).toEqual(first);
      expect(await r.machines()).toMatchObject([{ ...(first as object), name: "second" }]);
      const { channel: elsewhere } = rig();
      const { machineId } = first as { machineId: string };
      expect(await enrol({ channel: elsewhere })).toMatchObject({ machineId });
      expect(await r.machines()).toEqual([]);
    });

    test("nobody enrols with a key that is not theirs, or with what its owner said before", async () => {
      const r = rig();
      const { privateKey } = generateKeyPairSync("ed25519");
      const enrol = (args: object) =>
        r.client.mutation(FLEET_FUNCTIONS.enrolMachine, { ...args } as Record<string, unknown>);
      const own = enrolment(privateKey, { channel: r.channel });
      const thief = generateKeyPairSync("ed25519").privateKey;
      const { channel } = rig();
      const changes: object[] = [
        enrolment(thief, { channel, publicKey: own.publicKey }),
        ...[{ channel }, { name: "b" }, { platform: "darwin-arm64" }, { signature: "" }],
        { signedAt: own.signedAt + 1 },
      ];
      for (const change of changes) {
        await failure(enrol({ ...own, ...change }), "UNAUTHENTICATED");
      }
      expect(await r.machines()).toEqual([]);
      const before = enrolment(privateKey, { channel, signedAt: own.signedAt - 1 });
      const answer = await enrol(own);
      // After a lost answer.
      expect(await enrol(own)).toEqual(answer);
      await failure(enrol(before), "INVALID_ARGUMENT");
      const day = 24 * 60 * 60_000;
      const early = enrolment(privateKey, { channel, signedAt: Date.now() + 2 * day });
      await failure(enrol(early), "INVALID_ARGUMENT");
      expect(await r.machines()).toMatchObject([{ channel: r.channel }]);
    });

    test("a machine that was removed is not heard any more", async () => {
      const r = rig();
      const machine = await r.enrol();
      await machine.present();
      const remove = { token: FLEET_TOKEN, machineId: machine.machineId };
      expect(await r.client.mutation(FLEET_FUNCTIONS.removeMachine, remove)).toEqual({
        ...{ ok: true, wasThere: true },
      });
      expect(await r.client.mutation(FLEET_FUNCTIONS.removeMachine, remove)).toEqual({
        ...{ ok: true, wasThere: false },
      });
      await failure(machine.present(), "UNAUTHENTICATED");
      expect(await r.machines()).toEqual([]);
    });
  });

  test("a machine that has told of more than one mutation may delete is removed all the same", async ({
    skip,
  }) => {
    if (getClient().isTimeFake) skip("what stands in for a server bounds no mutation");
    const r = rig();
    const machine = await r.enrol();
    // Together more than the 16 MiB that a mutation may read.
    const detail = "…".repeat(1_000);
    for (let call = 0; call < 60; call++) {
      const reports = Array.from({ length: 100 }, (_, n) =>
        machine.attempt(call * 100 + n, "refused", { detail }),
      );
      expect(await machine.report(...reports)).toEqual({ ok: true });
    }
    expect(await r.remove(machine)).toEqual({ ok: true, wasThere: true });
    await failure(machine.present(), "UNAUTHENTICATED");
    expect(await r.machines()).toEqual([]);
  }, 60_000);

  describe("a signed call", () => {
    test("the very same call again, as after a lost answer, is answered as before", async () => {
      const r = rig();
      const machine = await r.enrol();
      const call = machine.sign({ kind: "reports", reports: [machine.attempt(1, "downloading")] });
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => r.client.mutation(REPORT, { ...call })),
      );
      expect(answers).toEqual(Array.from({ length: 5 }, () => ({ ok: true })));
    });

    test("an older counter is refused, and the answer says from where to go on", async () => {
      const r = rig();
      const machine = await r.enrol();
      machine.counter = 10;
      const old = machine.sign({ kind: "reports", reports: [] });
      await machine.report();
      expect(await r.client.mutation(REPORT, { ...old })).toEqual({
        ...{ ok: false, code: "COUNTER_TOO_LOW", counter: 12 },
        message: "Cannot report attempts: expected a counter above 12, got 11",
      });
      const again = machine.sign({ kind: "reports", reports: [], other: true }, 12);
      expect(await r.client.mutation(REPORT, { ...again })).toMatchObject({
        ...{ code: "COUNTER_TOO_LOW" },
      });
    });

    test("whatever is changed in it, it is nobody's", async () => {
      const r = rig();
      const [machine, other] = [await r.enrol("a"), await r.enrol("b")];
      const call = machine.sign({ kind: "reports", reports: [] });
      const changes: object[] = [
        { machineId: other.machineId },
        { machineId: "no-machine" },
        { counter: call.counter + 1 },
        { body: `${call.body} ` },
        { signature: other.sign({ kind: "reports", reports: [] }).signature },
        { signature: `${"A".repeat(86)}==` },
        { signature: "" },
        { signature: call.signature.replace("==", "") },
        // A machine cannot speak for another one, though it signs for itself.
        other.sign({ kind: "reports", reports: [] }, 5, machine.machineId),
      ];
      for (const change of changes) {
        await failure(r.client.mutation(REPORT, { ...call, ...change }), "UNAUTHENTICATED");
      }
      expect(await r.client.mutation(REPORT, { ...call })).toEqual({ ok: true });
    });

    test("what is signed for one function is not good for another", async () => {
      const r = rig();
      const machine = await r.enrol();
      const call = machine.sign({ kind: "reports", reports: [] });
      await failure(
        r.client.mutation(FLEET_FUNCTIONS.reportPresence, { ...call }),
        "INVALID_ARGUMENT",
      );
    });

    test("a body that makes no sense writes nothing and uses up nothing", async () => {
      const r = rig();
      const machine = await r.enrol();
      const report = machine.attempt(1, "committed");
      const bodies: object[] = [
        { kind: "reports" },
        { kind: "reports", reports: Array.from({ length: 101 }, () => report) },
        { kind: "reports", reports: [{ ...report, state: "well" }] },
        { kind: "reports", reports: [{ ...report, seq: -1 }] },
        { kind: "reports", reports: [{ ...report, channel: "no channel" }] },
        { kind: "reports", reports: [{ ...report, subsystem: "../x" }] },
        { kind: "reports", reports: [{ ...report, runningSha256: "abc" }] },
        { kind: "reports", reports: [{ ...report, reason: "so so" }] },
        { kind: "reports", reports: [null] },
      ];
      for (const body of bodies) {
        const call = machine.sign(body, 1);
        await failure(r.client.mutation(REPORT, { ...call }), "INVALID_ARGUMENT");
      }
      expect(
        await r.client.mutation(REPORT, machine.sign({ kind: "reports", reports: [] }, 1)),
      ).toEqual({ ok: true });
    });

    test("fields and reasons of newer machines are passed over", async () => {
      const r = rig();
      const machine = await r.enrol();
      const report = { ...machine.attempt(1, "refused"), reason: "REASON_OF_TOMORROW", more: 1 };
      expect(await machine.report(report as unknown as AttemptReport)).toEqual({ ok: true });
      await shown(r, machine, (row) =>
        expect(row?.subsystems[0]?.attempt).toMatchObject({ reason: "REASON_OF_TOMORROW" }),
      );
    });

    test("a machine that runs wild is not heard before the next day", async ({ skip }) => {
      if (!getClient().isTimeFake) skip("its time is the clock's own");
      const r = rig();
      const machine = await r.enrol();
      for (let call = 0; call < 500; call += 50) {
        // Each has its own counter, and the order in which they arrive is theirs.
        const calls = Array.from({ length: 50 }, () =>
          machine.sign({ kind: "reports", reports: [] }),
        );
        for (const call of calls) await r.client.mutation(REPORT, { ...call });
      }
      expect(await machine.report()).toMatchObject({ ok: false, code: "TOO_MANY_REPORTS" });
      await r.client.advance(24 * 60 * 60_000);
      expect(await machine.report()).toEqual({ ok: true });
    });
  });

  describe("what machines say", () => {
    test("presence says what runs, and nothing that machines watch changes by it", async () => {
      const r = rig();
      await r.publish(1);
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 1 }));
      const before = await r.target();
      const machine = await r.enrol();
      await machine.present(1);
      await shown(r, machine, (row) =>
        expect(row).toMatchObject({
          ...{ machineId: machine.machineId, channel: r.channel, platform: PLATFORM },
          lastSeenAt: expect.any(Number),
          subsystems: [
            {
              ...{ subsystem: r.subsystem, seq: 1, version: "1.0.1", sha256: sha256Of("1.0.1") },
              ...{ isOutlier: false, attempt: null },
            },
          ],
        }),
      );
      expect(await r.target()).toEqual(before);
    });

    test("a machine with other bytes under the same number is an outlier", async () => {
      const r = rig();
      await r.publish(1);
      const [good, bad] = [await r.enrol("good"), await r.enrol("bad")];
      await good.present(1);
      await bad.present(1, { sha256: sha256Of("evil") });
      await shown(r, good, (row) => expect(row?.subsystems[0]?.isOutlier).toBe(false));
      await shown(r, bad, (row) => expect(row?.subsystems[0]?.isOutlier).toBe(true));
      await bad.present(1);
      await shown(r, bad, (row) => expect(row?.subsystems[0]?.isOutlier).toBe(false));
    });

    test("an attempt is followed to its end, and a rollback leaves what ran before", async () => {
      const r = rig();
      await r.publish(1);
      const machine = await r.enrol();
      await machine.report(machine.attempt(1, "downloading"));
      await shown(r, machine, (row) =>
        expect(row?.subsystems[0]).toMatchObject({ seq: null, attempt: { state: "downloading" } }),
      );
      await machine.report(machine.attempt(1, "soaking"), machine.attempt(1, "committed"));
      await shown(r, machine, (row) =>
        expect(row?.subsystems[0]).toMatchObject({ seq: 1, attempt: { state: "committed" } }),
      );
      await r.publish(2);
      await machine.report(
        machine.attempt(2, "downloading", { runningSha256: sha256Of("1.0.1") }),
        machine.attempt(2, "soaking"),
        machine.attempt(2, "rolled-back", {
          ...{ runningSha256: sha256Of("1.0.1"), detail: "it was never ready" },
        }),
      );
      await shown(r, machine, (row) =>
        expect(row?.subsystems[0]).toMatchObject({
          ...{ version: "1.0.1", seq: 1, sha256: sha256Of("1.0.1") },
          attempt: {
            ...{ seq: 2, state: "rolled-back", reason: "NOT_READY", detail: "it was never ready" },
          },
        }),
      );
    });

    test("what was well, went back by hand and is well again, is counted as well", async () => {
      const r = rig();
      const machine = await r.enrol();
      await machine.present();
      await r.untilSeen([machine]);
      const other = await r.enrol("keeps the ring open");
      await other.present();
      await r.untilSeen([other]);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      const byHand = { reason: "ROLLED_BACK_BY_HAND" as const };
      await machine.report(machine.attempt(1, "committed"));
      await machine.report(machine.attempt(1, "rolled-back", byHand));
      await r.until((state) => expect(state?.rollout?.rings[0]).toMatchObject({ failed: 1 }));
      await machine.report(machine.attempt(1, "committed"));
      await r.until((state) =>
        expect(state?.rollout?.rings[0]).toMatchObject({ committed: 1, failed: 0 }),
      );
      await shown(r, machine, (row) =>
        expect(row?.subsystems[0]).toMatchObject({ seq: 1, attempt: { state: "committed" } }),
      );
    });

    test("row 32: reports that were kept while the ledger was away arrive once each, in order", async () => {
      const r = rig();
      await r.publish(1);
      const machine = await r.enrol();
      await machine.present();
      await r.untilSeen([machine]);
      const kept = [
        machine.attempt(1, "downloading"),
        machine.attempt(1, "soaking"),
        machine.attempt(1, "committed"),
      ];
      await machine.report(...kept);
      await machine.report(...kept.slice(1));
      await machine.report(...kept);
      await shown(r, machine, (row) =>
        expect(row?.subsystems[0]).toMatchObject({ seq: 1, attempt: { state: "committed" } }),
      );
    });
  });
}
