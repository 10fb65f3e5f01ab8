/** A publisher that is no machine of the fleet, as a job of CI is none, and the real ledger. */
import { openPublisherLedger } from "@tideline/fleet";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FLEET_TOKENS, LedgerRig } from "../ledger-rig.js";
import { PublishRig } from "./publish-rig.js";

let ledgerRig: LedgerRig;
let rig: PublishRig;
beforeEach(async () => {
  [ledgerRig, rig] = await Promise.all([LedgerRig.create(), PublishRig.start(Date.now())]);
});
afterEach(async () => {
  await Promise.all([ledgerRig?.dispose(), rig?.close()]);
});

const open = (token: string = FLEET_TOKENS.operator, channel = "stable") =>
  openPublisherLedger({
    ...{ url: ledgerRig.url, channel, operatorToken: token, readToken: FLEET_TOKENS.read },
    ...{ fetch, log: (line) => void rig.log.push(line), signal: new AbortController().signal },
  });
const refusedAs = (reason: string) => expect.objectContaining({ reason });

test("the ledger takes what is public, and says how it goes on; twice is once", async () => {
  const ledger = await open();
  expect(ledger.targets()).toEqual([]);
  const first = await rig.publish({}, { ledger });
  expect(first.ledger).toMatchObject({ ok: true, mode: "running" });
  const again = await rig.publish({}, { ledger });
  expect(again).toMatchObject({ isNew: false, ledger: { ok: true } });
  // It goes on by itself: without machines, a rollout has soon reached all of them.
  expect((await open()).highestSeq?.("nats")).toBe(1);
});

test("a major version waits for approval", async () => {
  const ledger = await open();
  await rig.publish({ version: "2.10.25" }, { ledger });
  const major = await rig.publish({ version: "3.0.0" }, { ledger });
  expect(major.ledger).toMatchObject({ ok: true, mode: "waiting-for-approval" });
});

test("the next seq is above the ledger's, though the release host has lost its releases", async () => {
  await rig.publish({ seq: 41 }, { ledger: await open() });
  rig.host.repository.releases.length = 0;
  const next = await rig.publish({ version: "2.10.26" }, { ledger: await open() });
  expect(next.seq).toBe(42);
});

test("a seq that the ledger has from elsewhere is PUBLISH_CONFLICT, and nothing is published twice", async () => {
  const ledger = await open();
  await rig.publish({ version: "2.10.25", seq: 7 }, { ledger });
  const elsewhere = await PublishRig.start(Date.now());
  try {
    const other = elsewhere.publish({ version: "2.10.26", seq: 7 }, { ledger });
    await expect(other).rejects.toEqual(refusedAs("PUBLISH_CONFLICT"));
  } finally {
    await elsewhere.close();
  }
});

test("a wrong token is TOKEN_REFUSED before anything is published", async () => {
  const wrong = open("not-the-operator-of-these-tests");
  await expect(wrong).rejects.toEqual(refusedAs("TOKEN_REFUSED"));
});

test("what has expired meanwhile is MANIFEST_EXPIRED, and is renewed under a new seq", async () => {
  const ledger = await open();
  rig.now -= 100 * 86_400_000;
  await rig.publish({}, { ledger: null });
  rig.now = Date.now();
  await expect(rig.publish({}, { ledger })).rejects.toEqual(refusedAs("MANIFEST_EXPIRED"));
  const renewed = await rig.publish({ content: { kind: "release", seq: "newest" } }, { ledger });
  expect(renewed).toMatchObject({ seq: 2, version: "2.10.25", ledger: { ok: true } });
});

test("a ledger that is away is LEDGER_UNREACHABLE, and the release is public all the same", async () => {
  const ledger = await open();
  await ledgerRig.stop();
  try {
    await expect(rig.publish({}, { ledger })).rejects.toEqual(refusedAs("LEDGER_UNREACHABLE"));
  } finally {
    await ledgerRig.start();
  }
  expect(await rig.publish({}, { ledger })).toMatchObject({ isNew: false, ledger: { ok: true } });
});

test("what one channel has is published to another under the same seq, and uploaded once", async () => {
  const first = await rig.publish({}, { ledger: await open() });
  const beta = await open(FLEET_TOKENS.operator, "beta");
  const second = await rig.publish({}, { ledger: beta });
  expect([second.isNew, second.signed]).toEqual([false, first.signed]);
  expect(second.ledger).toMatchObject({ ok: true, mode: "running" });
});
