/** `record`, `announce` and `abort` as a script calls them, against this repository's ledger. */
import { join } from "node:path";
import { writeVersionFile } from "@tideline/stamp";
import { LEDGER_TOKEN, LedgerRig } from "@tideline/testing/ledger-rig";
import type { BuildId, BuildStamp } from "@tideline/version";
import { afterAll, beforeAll, expect, test } from "vitest";
import { abort, announce, type DeploymentOptions, record } from "../index.js";

let ledger: LedgerRig;
beforeAll(async () => {
  ledger = await LedgerRig.create();
});
afterAll(async () => {
  await ledger?.dispose();
});

/** The options for a build of its own, whose commit and bytes are named by one letter. */
const buildOf = async (
  letter: string,
  appName: string,
  extra: Partial<BuildStamp> = {},
): Promise<DeploymentOptions> => {
  const stamp: BuildStamp = {
    appName,
    environment: "staging",
    buildId: `build-${letter}` as BuildId,
    version: `1.${letter}`,
    gitCommit: letter.repeat(40),
    gitBranch: null,
    gitDirty: false,
    gitTag: null,
    buildNumber: 0,
    buildTime: 1,
    commitTime: null,
    ...extra,
  };
  const file = join(ledger.folder, `${appName}-${stamp.buildId}.json`);
  await writeVersionFile(file, stamp);
  return { file, url: ledger.url, token: LEDGER_TOKEN, env: {} };
};

test("a new build is a deployment, the same again a redeployment, an old one needs leave", async () => {
  const [a, b] = [await buildOf("a", "web"), await buildOf("b", "web")];
  expect(await record(a)).toMatchObject({ ok: true, kind: "deploy", epoch: 1 });
  expect(await record(a)).toMatchObject({ ok: true, kind: "redeploy", epoch: 1 });
  expect(await record(b)).toMatchObject({ ok: true, kind: "deploy", epoch: 2 });
  expect(await record(a)).toMatchObject({ ok: false, code: "ROLLBACK_NOT_ALLOWED" });
  expect(await record({ ...a, allowRollback: true })).toMatchObject({ kind: "rollback", epoch: 3 });
});

test("after a rollback, a fix that no commit holds yet is a deployment", async () => {
  const [a, b] = [await buildOf("a", "fixed"), await buildOf("b", "fixed")];
  await record(a);
  await record(b);
  await record({ ...a, allowRollback: true });
  const fix = { buildId: "build-fix" as BuildId, gitDirty: true };
  const answer = await record(await buildOf("b", "fixed", fix));
  expect(answer).toMatchObject({ ok: true, kind: "deploy", epoch: 4 });
});

test("back to an older build of the same commit, or of none, is a rollback where it is allowed", async () => {
  for (const [appName, same] of [
    ["one-commit", { gitCommit: "e".repeat(40) }],
    ["no-commit", { gitCommit: null }],
    ["dirty", { gitCommit: "e".repeat(40), gitDirty: true }],
  ] as const) {
    const a = await buildOf("a", appName, same);
    await record(a);
    await record(await buildOf("b", appName, same));
    const answer = await record({ ...a, allowRollback: true });
    expect([appName, answer]).toEqual([appName, expect.objectContaining({ kind: "rollback" })]);
  }
});

test("an equal key records once", async () => {
  const options = { ...(await buildOf("c", "keyed")), idempotencyKey: "once" };
  expect(await record(options)).toMatchObject({ alreadyRecorded: false, epoch: 1 });
  expect(await record(options)).toMatchObject({ alreadyRecorded: true, epoch: 1 });
});

test("an announcement is pending until it is ended", async () => {
  const options = await buildOf("d", "announced");
  expect(await announce(options)).toMatchObject({ ok: true, state: "pending" });
  expect(await abort(options)).toEqual({ ok: true });
  expect(await abort(options)).toMatchObject({ ok: false, code: "NOTHING_PENDING" });
});

test("a wrong token is the ledger's own sentence and code", async () => {
  const options = { ...(await buildOf("e", "guarded")), token: "wrong" };
  await expect(record(options)).rejects.toMatchObject({
    name: "CommandError",
    kind: "failed",
    code: "UNAUTHENTICATED",
  });
});

test("what the ledger does not accept says which field", async () => {
  const options = { ...(await buildOf("f", "noted")), idempotencyKey: "x".repeat(257) };
  await expect(record(options)).rejects.toThrow(
    "expected idempotencyKey of 1 to 256 characters without control characters",
  );
});
