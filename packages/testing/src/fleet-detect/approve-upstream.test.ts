/** A tag that moved is let go by a person, on the developer's machine and in the ledger. */
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
let cwd: string;

beforeAll(async () => {
  [fleet, git] = await Promise.all([LiveFleet.create(), GitHostRig.start()]);
  nats = await git.addRepository("nats");
  cwd = await fleet.operatorFolder();
  const path = join(cwd, "sync.config.yaml");
  const config = parse(await readFile(path, "utf8"));
  config.subsystems.nats.upstream = { remotes: [nats.url] };
  config.subsystems.nats.minimumAge = "0s";
  await writeFile(path, stringify(config));
});
afterAll(async () => {
  await git?.close();
  await fleet?.dispose();
});

async function sync(...args: string[]) {
  const { operator, read } = FLEET_TOKENS;
  const env = { TIDELINE_FLEET_TOKEN: operator, TIDELINE_FLEET_READ_TOKEN: read };
  const run = await startSync(args, { cwd, env });
  return { code: await run.ended, lines: run.lines };
}

/** Tells the ledger what a machine that builds has seen. */
async function report(oid: string): Promise<void> {
  await fleet.mutate(FLEET_FUNCTIONS.reportUpstream, {
    ...{ token: FLEET_TOKENS.operator, subsystem: "nats", remote: nats.url, oid },
    ...{ ref: "refs/tags/v1.0.0", tag: "v1.0.0", isQuarantined: false },
  });
}

test("row 2: `approve` lets a moved tag go in both places, and says which commit it takes", async () => {
  const first = await nats.commit("one");
  await nats.tag("v1.0.0");
  expect((await sync("check", "--upstream", "nats")).code).toBe(0);
  await report(first);
  const second = await nats.commit("two");
  await nats.work.git("tag", "--force", "v1.0.0");
  await nats.work.git("push", "--quiet", "--force", "origin", "v1.0.0");
  await report(second);
  const check = await sync("check", "--upstream", "nats");
  expect(check.lines.join("\n")).toMatch(/TAG_MOVED/);
  expect((await fleet.view()).upstreams).toMatchObject([{ oid: second, isQuarantined: true }]);

  const approved = await sync("approve", "nats");
  expect(approved).toEqual({
    code: 0,
    lines: [`TAG_MOVED is accepted: v1.0.0 was ${first} and is ${second}`],
  });
  const { upstreams, audit } = await fleet.view();
  expect(upstreams).toMatchObject([{ oid: second, isQuarantined: false }]);
  expect(audit[0]).toMatchObject({ action: "approve", subsystem: "nats", version: "v1.0.0" });
  expect((await sync("check", "--upstream", "nats")).lines.join("\n")).not.toMatch(/TAG_MOVED/);
});
