/** What `apply` installs past a ledger that has halted a release, refuses, or is away; and past its machine's own word. */
import { FLEET_FUNCTIONS } from "@tideline/version/fleet";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askLedger } from "../../../fleet/src/ledger/ask-ledger.js";
import { FLEET_TOKENS, LedgerRig } from "../ledger-rig.js";
import { ApplyRig } from "./apply-rig.js";

const ENV = {
  TIDELINE_FLEET_READ_TOKEN: FLEET_TOKENS.read,
  TIDELINE_FLEET_TOKEN: FLEET_TOKENS.operator,
  TIDELINE_FLEET_ENROL_TOKEN: FLEET_TOKENS.enrol,
};

let rig: ApplyRig;
let ledger: LedgerRig;
beforeEach(async () => {
  [rig, ledger] = await Promise.all([ApplyRig.start(), LedgerRig.create()]);
});
afterEach(() => Promise.all([rig.close(), ledger.dispose()]));

/** Release 2 reaches the machine at once: it is the channel's only one. */
async function joinAndPublish(subsystem: object = {}): Promise<void> {
  const { url } = ledger;
  await rig.configure({ ledger: { url }, machine: { name: "m1", channel: "stable" } }, subsystem);
  expect((await rig.run(["enrol"], ENV)).code).toBe(0);
  const release = rig.publish("nats", 2);
  const args = { token: FLEET_TOKENS.operator, channel: "stable", release };
  const { signal } = new AbortController();
  const ask = { url, doing: "publish", fetch, signal };
  await askLedger("mutation", FLEET_FUNCTIONS.publishRelease, args, ask);
}

test("row 32: a halted release is not installed with a wrong token nor in an outage, only --without-ledger", async () => {
  await joinAndPublish();
  const halted = await rig.run(["rollout", "halt", "nats"], ENV);
  expect(halted.code, halted.text).toBe(0);
  const refused = async (env: object, reason: string) => {
    const { code, text } = await rig.run(["apply", "nats"], { ...ENV, ...env });
    expect(code, text).toBe(3);
    expect(text).toContain(reason);
    expect(await rig.starts()).toEqual(["1.0.1"]);
  };
  await refused({}, "HALTED");
  await refused({ TIDELINE_FLEET_READ_TOKEN: "another-token-altogether" }, "TOKEN_REFUSED");
  await ledger.stop();
  await refused({}, "HALTED");
  const { code, text } = await rig.run(["apply", "nats", "--without-ledger"], {});
  expect(code, text).toBe(0);
  expect(text).toContain("past rings, pauses and halts");
  expect(await rig.starts()).toEqual(["1.0.1", "1.0.2"]);
}, 60_000);

test("what the ledger has let go waits on a machine whose own `automatic` does not, until it is approved here", async () => {
  await joinAndPublish({ automatic: "none" });
  const waiting = await rig.run(["apply", "nats"], ENV);
  expect(waiting.code, waiting.text).toBe(3);
  expect(waiting.text).toContain("further than `automatic` goes here");
  const step = "HELD_HERE: `tideline-sync approve nats --here` lets it go on this machine";
  expect(waiting.text).toContain(step);
  expect(await rig.starts()).toEqual(["1.0.1"]);
  const approved = await rig.run(["approve", "nats", "--here"], {});
  expect(approved.code, approved.text).toBe(0);
  expect(approved.text).toContain('1.0.2 (release 2) of "nats" is approved on this machine');
  const installed = await rig.run(["apply", "nats"], ENV);
  expect(installed.code, installed.text).toBe(0);
  expect(await rig.starts()).toEqual(["1.0.1", "1.0.2"]);
}, 60_000);
