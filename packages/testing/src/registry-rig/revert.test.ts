/** From commit to image to record and back, with real images and this repository's own ledger. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LEDGER_TOKEN, LedgerRig } from "../ledger-rig.js";
import { readDigest, ShopRig } from "./index.js";

interface Row {
  readonly service: string;
  readonly action: string;
  readonly digest: string | null;
  readonly reason: string;
  readonly tags: readonly string[];
}

interface Planned {
  readonly version: string;
  readonly entries: readonly Row[];
}

let ledger: LedgerRig;
let rig: ShopRig;
beforeAll(async () => {
  ledger = await LedgerRig.create();
  rig = await ShopRig.create({ staging: {} });
  Object.assign(rig.env, { CONVEX_URL: ledger.url, TIDELINE_RECORD_TOKEN: LEDGER_TOKEN });
}, 120_000);
afterAll(async () => {
  await rig?.dispose();
  await ledger?.dispose();
});

/** What a deployment of api comes to: the plan's row and the digest that is recorded. */
async function deploy(): Promise<{ row: Row; digest: string; version: string }> {
  const { json: plan } = await rig.json<Planned>("plan", "--environment", "staging");
  const row = plan.entries.find(({ service }) => service === "api");
  if (row === undefined) throw new Error(`No row of api in ${JSON.stringify(plan)}`);
  const file = join(ledger.folder, "plan.json");
  await writeFile(file, JSON.stringify(plan));
  rig.env.TIDELINE_VERSION = plan.version;
  const source = row.action === "build" ? ["--source", await rig.buildApi()] : [];
  const push = ["images", "push", "api", "--plan", file, ...source];
  const { code, json: pushed } = await rig.json<{ digest: string }>(...push);
  expect(code, JSON.stringify(pushed)).toBe(0);
  const recorded = await rig.tideline(
    ...["record", "--service", "api", "--environment", "staging"],
    ...["--image-digest", pushed.digest],
  );
  expect(recorded.code, recorded.stderr).toBe(0);
  delete rig.env.TIDELINE_VERSION;
  return { row, digest: pushed.digest, version: plan.version };
}

test("the revert of the last commit restores the old image by its digest, without a build", {
  timeout: 120_000,
}, async () => {
  await rig.git.commit("A", { "services/api/server.txt": "A" });
  const a = await deploy();
  expect(a.row).toMatchObject({ action: "build", digest: null });

  await rig.git.commit("B", { "services/api/server.txt": "B" });
  const b = await deploy();
  expect(b.row).toMatchObject({ action: "build", digest: null });
  expect(b.digest).not.toBe(a.digest);
  expect(rig.builder.builds).toBe(2);

  await rig.git.git("revert", "--no-edit", "HEAD");
  const before = await rig.registry.writes();
  const reverted = await deploy();
  expect(reverted.row).toMatchObject({ action: "restore", digest: a.digest });
  expect(reverted.digest).toBe(a.digest);
  expect(rig.builder.builds).toBe(2);
  // Not a byte of a layer, and no other image under any tag.
  const written = (await rig.registry.writes()).slice(before.length);
  expect(written.filter(({ path }) => path.includes("/blobs/"))).toEqual([]);
  for (const tag of reverted.row.tags) {
    expect(await readDigest(rig.api(`:${tag}`)), tag).toBe(a.digest);
  }
  // "latest" is the highest release, whatever runs.
  expect(await readDigest(rig.api(":latest-api"))).toBe(b.digest);

  const { json: plan } = await rig.json<Planned>("plan", "--environment", "staging");
  expect(plan.entries.find(({ service }) => service === "api")).toMatchObject({ action: "skip" });
});

test("a commit that is built twice gives the same image, and its second push writes nothing", {
  timeout: 60_000,
}, async () => {
  await rig.git.commit("C", { "services/api/server.txt": "C" });
  const [first, second] = [await rig.buildApi(), await rig.buildApi()];
  expect(await readDigest(second)).toBe(await readDigest(first));
  const push = ["images", "push", "api", "--version", "9.0.0", "--source"];
  expect(await rig.tideline(...push, first)).toMatchObject({ code: 0 });
  const before = (await rig.registry.writes()).length;
  expect(await rig.tideline(...push, second)).toMatchObject({ code: 0 });
  expect((await rig.registry.writes()).length).toBe(before);
});
