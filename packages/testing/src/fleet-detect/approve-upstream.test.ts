/** What moved upstream is let go by a person, on the developer's machine and in the ledger. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FLEET_FUNCTIONS } from "@tideline/version/fleet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { GitHostRig, type HostedGit } from "../git-host-rig/index.js";
import { FLEET_TOKENS } from "../ledger-rig.js";
import { LiveFleet } from "../live-fleet.js";
import { startSync } from "../sync-process.js";

let fleet: LiveFleet;
let git: GitHostRig;
let nats: HostedGit;
let arc: HostedGit;
let cwd: string;

beforeAll(async () => {
  [fleet, git] = await Promise.all([LiveFleet.create(), GitHostRig.start()]);
  nats = await git.addRepository("nats");
  arc = await git.addRepository("arc");
  cwd = await fleet.operatorFolder(["nats", "arc"]);
  const path = join(cwd, "sync.config.yaml");
  const config = parse(await readFile(path, "utf8"));
  config.subsystems.nats.upstream = { remotes: [nats.url] };
  config.subsystems.nats.minimumAge = "0s";
  config.subsystems.arc.upstream = { remotes: [arc.url], strategy: "commits" };
  await writeFile(path, stringify(config));
});
afterAll(async () => {
  await git?.close();
  await fleet?.dispose();
});

async function sync(...args: string[]) {
  return await syncAs(FLEET_TOKENS.operator, ...args);
}

/** @param token Null: none. */
async function syncAs(token: string | null, ...args: string[]) {
  const read = { TIDELINE_FLEET_READ_TOKEN: FLEET_TOKENS.read };
  const env = token === null ? read : { ...read, TIDELINE_FLEET_TOKEN: token };
  const run = await startSync(args, { cwd, env });
  return { code: await run.ended, lines: run.lines };
}

/** Tells the ledger what a machine that builds has seen. */
async function report(oid: string, change: object = {}): Promise<void> {
  await fleet.mutate(FLEET_FUNCTIONS.reportUpstream, {
    ...{ token: FLEET_TOKENS.operator, subsystem: "nats", remote: nats.url, oid },
    ...{ ref: "refs/tags/v1.0.0", tag: "v1.0.0", isQuarantined: false },
    ...change,
  });
}

/** Lets the tag name another commit, and looks at it as a machine that builds. */
async function moveTag(text: string): Promise<string> {
  const oid = await nats.commit(text);
  await nats.work.git("tag", "--force", "v1.0.0");
  await nats.work.git("push", "--quiet", "--force", "origin", "v1.0.0");
  expect(await alarmsOf("nats")).toMatch(/TAG_MOVED/);
  return oid;
}

async function alarmsOf(subsystem: string): Promise<string> {
  return (await sync("check", "--upstream", subsystem)).lines.join("\n");
}

async function inLedger(subsystem: string) {
  return (await fleet.view()).upstreams.filter((one) => one.subsystem === subsystem);
}

test("row 2: `approve` lets a moved tag go in both places, and says which commit it takes", async () => {
  const first = await nats.commit("one");
  await nats.tag("v1.0.0");
  expect((await sync("check", "--upstream", "nats")).code).toBe(0);
  await report(first);
  const second = await moveTag("two");
  await report(second);
  expect(await inLedger("nats")).toMatchObject([{ oid: second, isQuarantined: true }]);

  const approved = await sync("approve", "nats");
  expect(approved).toEqual({
    code: 0,
    lines: [`TAG_MOVED is accepted: v1.0.0 was ${first} and is ${second}`],
  });
  expect(await inLedger("nats")).toMatchObject([{ oid: second, isQuarantined: false }]);
  const { audit } = await fleet.view();
  expect(audit[0]).toMatchObject({ action: "approve", subsystem: "nats", version: "v1.0.0" });
  expect(await alarmsOf("nats")).not.toMatch(/TAG_MOVED/);
});

test("an alarm that the ledger could not be told of stays, and so does one while a release is let go here", async () => {
  const oid = await moveTag("three");
  const refused = await syncAs("a-token-of-nobody-at-all", "approve", "nats");
  expect(refused.code, refused.lines.join("\n")).toBe(3);
  const here = await sync("approve", "nats", "--here");
  expect([here.code, here.lines.at(-1)]).toEqual([1, 'Nothing of "nats" waits for approval']);
  expect(await alarmsOf("nats")).toMatch(/TAG_MOVED/);
  // The ledger has not heard of that commit before.
  expect(await sync("approve", "nats")).toMatchObject({ code: 0 });
  expect(await inLedger("nats")).toMatchObject([{ oid, isQuarantined: false }]);
  expect(await alarmsOf("nats")).not.toMatch(/TAG_MOVED/);
});

test("a rewritten branch is let go in the ledger as well", async () => {
  const first = await arc.commit("one");
  const word = { subsystem: "arc", remote: arc.url, ref: "refs/heads/main", tag: null };
  expect(await alarmsOf("arc")).not.toMatch(/BRANCH_REWRITTEN/);
  await report(first, word);
  await arc.work.git("commit", "--quiet", "--allow-empty", "--amend", "--message", "another one");
  await arc.work.git("push", "--quiet", "--force", "origin", "main");
  const oid = (await arc.work.git("rev-parse", "HEAD")).trim();
  expect(await alarmsOf("arc")).toMatch(/BRANCH_REWRITTEN/);
  await report(oid, { ...word, isQuarantined: true });
  expect((await sync("approve", "arc")).lines).toEqual([
    `BRANCH_REWRITTEN is accepted: refs/heads/main was ${first} and is ${oid}`,
  ]);
  await report(oid, word);
  expect(await inLedger("arc")).toMatchObject([{ oid, isQuarantined: false }]);
});

test("without a token the machine accepts it, and says that the ledger does not", async () => {
  const oid = await moveTag("four");
  await report(oid);
  const { code, lines } = await syncAs(null, "approve", "nats");
  expect(code).toBe(0);
  expect(lines[1]).toBe(
    "The ledger keeps refs/tags/v1.0.0 quarantined: expected TIDELINE_FLEET_TOKEN to tell it, got none",
  );
  expect(await inLedger("nats")).toMatchObject([{ oid, isQuarantined: true }]);
  expect(await alarmsOf("nats")).not.toMatch(/TAG_MOVED/);
});
