import { FLEET_FUNCTIONS } from "@tideline/version/fleet";
import { describe, expect, test } from "vitest";
import {
  FLEET_ENROL_TOKEN,
  FLEET_READ_TOKEN,
  FLEET_TOKEN,
  FLEET_VIEW_TOKEN,
  FleetRig,
  PLATFORM,
} from "./fleet-rig.js";
import type { LedgerClient } from "./ledger-client.js";
import { failure } from "./rig.js";
import { withVariable } from "./with-variable.js";

// Looked at last of all.
const SIGNED = { signedAt: 1, signature: "" };

/** Who may read the fleet, publish to it and join it. */
export function fleetAccessSuite(getClient: () => LedgerClient): void {
  const rig = () => new FleetRig(getClient());

  /** Every function that takes a token, with arguments that are good. */
  function calls(r: FleetRig) {
    const { channel, subsystem } = r;
    const query = (path: string, args: object) => (token: string) =>
      r.client.query(path, { ...args, token });
    const mutation =
      (path: string, args: object, field = "token") =>
      (token: string) =>
        r.client.mutation(path, { ...args, [field]: token });
    const publicKey = `${"B".repeat(42)}A=`;
    const upstream = {
      subsystem,
      remote: "https://git.example/nats",
      ref: "refs/tags/v1",
      tag: "v1",
    };
    const oid = "a".repeat(40);
    const decision = { channel, subsystem, seq: 1, decision: "approve" };
    const paginationOpts = { numItems: 10, cursor: null };
    return {
      read: {
        watchTargets: query(FLEET_FUNCTIONS.watchTargets, { channel }),
        watchHints: query(FLEET_FUNCTIONS.watchHints, { channel }),
      },
      view: {
        watchFleet: query(FLEET_FUNCTIONS.watchFleet, {}),
        listMachines: query(FLEET_FUNCTIONS.listMachines, { paginationOpts }),
      },
      operate: {
        publishRelease: mutation(FLEET_FUNCTIONS.publishRelease, {
          channel,
          release: r.release(1),
        }),
        reportUpstream: mutation(FLEET_FUNCTIONS.reportUpstream, {
          ...{ ...upstream, oid, isQuarantined: false },
        }),
        decideApproval: mutation(FLEET_FUNCTIONS.decideApproval, decision),
        changeRollout: mutation(FLEET_FUNCTIONS.changeRollout, {
          channel,
          subsystem,
          to: "paused",
        }),
        removeMachine: mutation(FLEET_FUNCTIONS.removeMachine, { machineId: "none" }),
      },
      enrol: {
        enrolMachine: mutation(
          FLEET_FUNCTIONS.enrolMachine,
          { publicKey, name: "m", channel, platform: PLATFORM, ...SIGNED },
          "enrolToken",
        ),
      },
    };
  }

  describe("the fleet's tokens", () => {
    test.each([
      [
        "read",
        [
          FLEET_VIEW_TOKEN,
          FLEET_ENROL_TOKEN,
          `${FLEET_READ_TOKEN}0`,
          FLEET_READ_TOKEN.slice(1),
          "",
        ],
      ],
      ["view", [FLEET_READ_TOKEN, FLEET_ENROL_TOKEN, `${FLEET_VIEW_TOKEN}0`, ""]],
      ["operate", [FLEET_READ_TOKEN, FLEET_VIEW_TOKEN, FLEET_ENROL_TOKEN, `${FLEET_TOKEN}0`, ""]],
      ["enrol", [FLEET_READ_TOKEN, FLEET_TOKEN, `${FLEET_ENROL_TOKEN}0`, ""]],
    ] as const)("to %s takes its own token", async (kind, wrong) => {
      const r = rig();
      for (const call of Object.values(calls(r)[kind])) {
        for (const token of wrong) {
          const message = await failure(call(token), "UNAUTHENTICATED");
          for (const secret of [
            FLEET_TOKEN,
            FLEET_READ_TOKEN,
            FLEET_VIEW_TOKEN,
            FLEET_ENROL_TOKEN,
          ]) {
            expect(message).not.toContain(secret);
          }
        }
      }
      expect(await r.target()).toBeUndefined();
      expect(await r.story()).toEqual([]);
    });

    test("an operator may read as well", async () => {
      const { read, view } = calls(rig());
      for (const call of Object.values({ ...read, ...view })) {
        await expect(call(FLEET_TOKEN)).resolves.toBeDefined();
      }
    });

    test.each([
      ["operate", "TIDELINE_FLEET_TOKEN", FLEET_TOKEN],
      ["enrol", "TIDELINE_FLEET_ENROL_TOKEN", FLEET_ENROL_TOKEN],
    ] as const)("nobody may %s while %s is not set", async (kind, name, token) => {
      const r = rig();
      await withVariable(getClient(), name, null, async () => {
        for (const call of Object.values(calls(r)[kind])) {
          expect(await failure(call(token), "FLEET_NOT_CONFIGURED")).toContain(name);
        }
      });
    });

    test("a token for one subsystem in one channel is good for that alone", async () => {
      const r = rig();
      const other = rig();
      const token = "per-subsystem-token-0123";
      const setting = `${r.channel}/${r.subsystem}=${token}`;
      await withVariable(getClient(), "TIDELINE_FLEET_TOKEN", setting, async () => {
        expect(await r.publishRaw(r.release(1), { token })).toMatchObject({ ok: true });
        await failure(other.publishRaw(other.release(1), { token }), "UNAUTHENTICATED");
        await failure(
          other.publishRaw(r.release(2), { token, channel: other.channel }),
          "UNAUTHENTICATED",
        );
        await failure(calls(r).operate.removeMachine(token), "UNAUTHENTICATED");
      });
      const entry = (await r.view()).audit.find(
        ({ channel, action }) => channel === r.channel && action === "publish",
      );
      expect(entry?.actor).toBe(`token:${r.channel}/${r.subsystem}`);
    });

    test("old and new are good at the same time while one replaces the other", async () => {
      const tokens = ["an-old-reader-0123456789", "a-new-reader-0123456789"];
      await withVariable(getClient(), "TIDELINE_FLEET_READ_TOKEN", tokens.join(","), async () => {
        for (const token of tokens) {
          await expect(calls(rig()).read.watchTargets(token)).resolves.toBeDefined();
        }
      });
    });

    test.each(["{", "{}", '{"rings":[],"criticalBake":1,"outcomeWithinMs":1}'])(
      "with the rollout policy %s nothing is published",
      async (policy) => {
        const r = rig();
        await withVariable(getClient(), "TIDELINE_ROLLOUT_POLICY", policy, async () => {
          const message = await failure(r.publish(1), "INVALID_SETTING");
          expect(message).toContain("Cannot read TIDELINE_ROLLOUT_POLICY: expected");
        });
        expect(await r.publish(1)).toMatchObject({ ok: true });
      },
    );

    test("what does not belong in the arguments is refused, and the sentence says what does", async () => {
      const r = rig();
      const enrol = (change: object) =>
        r.client.mutation(FLEET_FUNCTIONS.enrolMachine, {
          ...{ enrolToken: FLEET_ENROL_TOKEN, publicKey: `${"C".repeat(42)}A=`, name: "m" },
          ...{ channel: r.channel, platform: PLATFORM, ...SIGNED },
          ...change,
        });
      const wrong: [object, string][] = [
        [{ publicKey: "short" }, "publicKey as 32 bytes"],
        [{ name: "" }, "name of 1 to 100"],
        [{ name: "a\nb" }, "without control characters"],
        [{ channel: "../x" }, "channel of 1 to 64"],
        [{ platform: "amiga" }, "platform such as"],
      ];
      for (const [change, expected] of wrong) {
        expect(await failure(enrol(change), "INVALID_ARGUMENT")).toContain(expected);
      }
      const release = r.release(1);
      const texts = [
        { ...release, manifest: "{" },
        { ...release, manifest: release.manifest.replace('"format":1', '"format":1,"format":1') },
        { ...release, keyset: "[]" },
        r.release(1, { seq: 0 }),
        r.release(1, { subsystem: "../x" }),
      ];
      for (const text of texts) await failure(r.publishRaw(text), "INVALID_ARGUMENT");
      expect(await r.target()).toBeUndefined();
    });
  });
}
