/** `tideline-sync rollout` and `approve` against a real ledger. */
import { FLEET_TOKENS } from "@tideline/testing/ledger-rig";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LiveFleet } from "../../../testing/src/live-fleet.js";
import { run } from "../run.js";
import type { Env } from "./terminal.js";

let fleet: LiveFleet;
let cwd: string;
let seq = 0;

beforeAll(async () => {
  fleet = await LiveFleet.create();
  cwd = await fleet.operatorFolder();
  const machine = await fleet.enrol("workshop-1");
  await machine.runs({ seq: 1, version: "1.0.1" });
});
afterAll(() => fleet?.dispose());
beforeEach(async () => {
  seq += 1;
  expect(await fleet.publish(seq, `1.0.${seq}`)).toMatchObject({ ok: true, mode: "running" });
});

const TOKEN: Env = { TIDELINE_FLEET_TOKEN: FLEET_TOKENS.operator };

async function sync(args: readonly string[], env = TOKEN) {
  const out: string[] = [];
  const log: string[] = [];
  const code = await run(args, {
    ...{ cwd, env, isInteractive: false, signal: new AbortController().signal },
    print: (line) => out.push(line),
    log: (line) => log.push(line),
  });
  return { code, out, log };
}

async function stable() {
  return (await fleet.view()).subsystems.find(({ channel }) => channel === "stable");
}

async function rollout() {
  return (await stable())?.rollout;
}

describe("tideline-sync rollout", () => {
  test("pauses, and lets go on", async () => {
    expect(await sync(["rollout", "pause", "nats", "--note", "see #12"])).toEqual({
      ...{ code: 0, log: [] },
      out: ['The rollout of "nats" in channel "stable" is paused: no machine begins'],
    });
    expect(await rollout()).toMatchObject({ seq, mode: "paused", note: "see #12" });
    const { code, out } = await sync(["rollout", "resume", "nats"]);
    expect([code, out]).toEqual([0, ['The rollout of "nats" in channel "stable" goes on']]);
    expect(await rollout()).toMatchObject({ seq, mode: "running" });
  });

  test("waits no longer for a machine that is off, where another one is well", async () => {
    const machine = await fleet.enrol("workshop-2");
    await machine.runs({ seq: 1, version: "1.0.1" });
    const known = async () => (await fleet.view()).machines.filter((one) => one.subsystems.length);
    await expect.poll(async () => (await known()).length, { timeout: 10_000 }).toBe(2);
    // The next release's canaries are both.
    seq += 1;
    await fleet.publish(seq, `1.0.${seq}`);
    await expect
      .poll(async () => (await rollout())?.rings[0], { timeout: 10_000 })
      .toMatchObject({ state: "open", machines: 2 });
    await machine.tries(seq, `1.0.${seq}`, ["downloading", "soaking", "committed"]);
    await expect
      .poll(async () => (await rollout())?.rings[0], { timeout: 10_000 })
      .toMatchObject({ state: "open", started: 1, committed: 1 });
    expect((await sync(["rollout", "resume", "nats"])).code).toBe(0);
    expect((await rollout())?.rings[0]).toMatchObject({ state: "open" });
    expect((await sync(["rollout", "resume", "nats", "--without-silent"])).code).toBe(0);
    // The two are the fleet, so that the rings after them are empty.
    await expect
      .poll(async () => (await stable())?.settled, { timeout: 10_000 })
      .toMatchObject({ seq });
  });

  test("halts, and says so as one object", async () => {
    const { code, out } = await sync(["rollout", "halt", "nats", "--json"]);
    expect(code).toBe(0);
    expect(out.map((line) => JSON.parse(line))).toEqual([
      { subsystem: "nats", channel: "stable", mode: "halted", generation: expect.any(Number) },
    ]);
    const [newest] = (await fleet.view()).audit;
    expect(newest).toMatchObject({ action: "halt", actor: "token", seq, channel: "stable" });
  });

  test("a halted one is not paused: it is more already", async () => {
    await sync(["rollout", "halt", "nats"]);
    const { code, log } = await sync(["rollout", "pause", "nats"]);
    expect([code, log]).toEqual([
      1,
      ['Cannot pause the rollout of "nats" in "stable": it is halted, which is more'],
    ]);
  });

  test("in another channel than the machine's own there may be none", async () => {
    const { code, out } = await sync(["rollout", "halt", "nats", "--channel", "beta", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out[0] ?? "")).toEqual({
      code: "NOT_FOUND",
      message: 'Cannot halt the rollout of "nats" in "beta": there is none on its way',
    });
    expect(await rollout()).toMatchObject({ mode: "running" });
  });

  test.each([
    {
      args: ["rollout", "stop", "nats"],
      env: TOKEN,
      code: 2,
      said: 'Cannot change the rollout: expected one of "pause", "resume", "halt", got "stop"',
    },
    {
      args: ["rollout", "pause", "nats", "--without-silent"],
      env: TOKEN,
      code: 2,
      said: "Cannot pause the rollout: expected --without-silent with resume alone",
    },
    {
      args: ["rollout", "pause", "nats"],
      env: {},
      code: 2,
      said: "Cannot pause the rollout: expected TIDELINE_FLEET_TOKEN, got none",
    },
    {
      args: ["rollout", "pause", "nets"],
      env: TOKEN,
      code: 2,
      said: 'Cannot find the subsystem: expected one of nats, got "nets"; did you mean "nats"?',
    },
    {
      args: ["rollout", "pause", "nats"],
      env: { TIDELINE_FLEET_TOKEN: FLEET_TOKENS.read },
      code: 3,
      said: "Cannot pause the rollout: expected TIDELINE_FLEET_TOKEN to be a token that the ledger at LEDGER takes, got another",
    },
    {
      args: ["approve", "nats"],
      env: { TIDELINE_FLEET_TOKEN: "a-token-of-nobody-at-all" },
      code: 3,
      said: "Cannot approve: expected TIDELINE_FLEET_TOKEN to be a token that the ledger at LEDGER takes, got another",
    },
  ])("$args: $said", async ({ args, env, code, said }) => {
    const result = await sync(args, env);
    const url = fleet.ledger.url;
    expect([result.code, result.log[0]?.replace(url, "LEDGER")]).toEqual([code, said]);
    expect(await rollout()).toMatchObject({ mode: "running" });
  });
});

test("approve finds what waits while another release is on its way", async () => {
  await fleet.publish(++seq, `2.0.${seq}`, { updateClass: "major" });
  expect((await fleet.view()).subsystems[0]).toMatchObject({
    rollout: { seq: seq - 1, mode: "running" },
    waiting: { seq },
  });
  const { code, out } = await sync(["approve", "nats"]);
  expect([code, out]).toEqual([
    0,
    [`2.0.${seq} (release ${seq}) of "nats" is approved for channel "stable"`],
  ]);
  expect(await rollout()).toMatchObject({ seq, mode: "running" });
});

test("approve --channel lets go what waits elsewhere than in the machine's own channel", async () => {
  await fleet.publish(++seq, `3.0.${seq}`, { updateClass: "major", channel: "beta" });
  const { code, log } = await sync(["approve", "nats"]);
  expect([code, log]).toEqual([1, ['Nothing of "nats" waits for approval']]);
  const { out } = await sync(["approve", "nats", "--json"]);
  expect(JSON.parse(out[0] ?? "")).toMatchObject({
    ...{ subsystem: "nats", decided: null, message: 'Nothing of "nats" waits for approval' },
  });
  const approved = await sync(["approve", "nats", "--channel", "beta", "--note", "tried out"]);
  expect([approved.code, approved.out[0]]).toEqual([
    0,
    `3.0.${seq} (release ${seq}) of "nats" is approved for channel "beta"`,
  ]);
  const beta = (await fleet.view()).subsystems.find(({ channel }) => channel === "beta");
  expect(beta?.rollout).toMatchObject({ seq, mode: "running" });
});
