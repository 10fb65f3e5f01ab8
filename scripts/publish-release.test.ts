import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { formatVersionFile } from "@tideline/stamp";
import type { BuildId, BuildStamp } from "@tideline/version";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { publishRelease } from "./publish-release.js";
import { currentReleaseNumber, pointTo, type Release, releaseFolder } from "./releases.js";

/** What the ledger answers to each function; `null` hangs up. */
let answers: Record<string, unknown>;
/** What each function was sent, in the order of the calls. */
let sent: Record<string, unknown>[];
/** The functions that were called, and the release that was served then. */
let calls: [name: string, served: number | null][];
let ledger: Server;
let url: string;
let site: string;
let release: Release;

const COMMIT = "c".repeat(40);
const PENDING = { ok: true, state: "pending", buildId: "b2", epoch: 4, expiresAt: 1 };
const RECORDED = { ok: true, deploymentId: "d", kind: "deploy", buildId: "b2", epoch: 5 };
const NOT_ALLOWED = { ok: false, code: "ROLLBACK_NOT_ALLOWED", message: "Cannot record: older" };
const REFUSED = { ok: false, code: "TARGET_HELD", message: "Cannot record: the target is held" };

beforeEach(async () => {
  calls = [];
  sent = [];
  answers = { announceDeployment: PENDING, abortDeployment: { ok: true } };
  site = await mkdtemp(join(tmpdir(), "tideline-publish-"));
  await makeRelease(1, "b1");
  release = await makeRelease(2, "b2");
  await pointTo(site, 1);
  ledger = createServer(async (request, response) => {
    const { path, args } = JSON.parse(await text(request)) as {
      path: string;
      args: [Record<string, unknown>];
    };
    const name = path.replace("deployments:", "");
    calls.push([name, await currentReleaseNumber(site)]);
    sent.push(args[0]);
    const answer = answers[name] ?? null;
    const value = Array.isArray(answer) ? answer.shift() : answer;
    if (value === "hang up") return request.destroy();
    const body = { status: "success", value, logLines: [] };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => ledger.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(ledger.address() as AddressInfo).port}`;
});
afterEach(async () => {
  ledger.closeAllConnections();
  await new Promise((resolve) => ledger.close(resolve));
  await rm(site, { recursive: true, force: true });
});

async function makeRelease(number: number, buildId: string): Promise<Release> {
  const folder = releaseFolder(site, number);
  const stamp: BuildStamp = {
    appName: "web",
    environment: "local",
    buildId: buildId as BuildId,
    version: `1.0.${number}`,
    gitCommit: COMMIT,
    gitBranch: null,
    gitDirty: false,
    gitTag: null,
    buildNumber: number,
    buildTime: 0,
    commitTime: null,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "version.json"), formatVersionFile(stamp));
  return { number, folder, stamp };
}

const publish = (signal?: AbortSignal) =>
  publishRelease({ site, release, url, token: "0123456789abcdef", signal });

describe("publishRelease()", () => {
  test("announces, then serves, then records", async () => {
    answers.recordDeployment = RECORDED;
    expect(await publish()).toMatchObject({ kind: "deploy", epoch: 5 });
    expect(calls).toEqual([
      ["announceDeployment", 1],
      ["recordDeployment", 2],
    ]);
    expect(await currentReleaseNumber(site)).toBe(2);
  });

  test("serves nothing new when the announcement is refused", async () => {
    answers.announceDeployment = REFUSED;
    await expect(publish()).rejects.toThrow("Cannot record: the target is held");
    expect(await currentReleaseNumber(site)).toBe(1);
  });

  test("serves the release before again, and takes the announcement back, when the record is refused", async () => {
    answers.recordDeployment = REFUSED;
    await expect(publish()).rejects.toThrow("Cannot record: the target is held");
    expect(calls.map(([name]) => name)).toEqual([
      "announceDeployment",
      "recordDeployment",
      "watchLatestDeployment",
      "abortDeployment",
    ]);
    expect(await currentReleaseNumber(site)).toBe(1);
  });

  test("going back on purpose is said from the first call on", async () => {
    answers.recordDeployment = RECORDED;
    await publishRelease({ site, release, url, token: "0123456789abcdef", goesBack: true });
    expect(sent.map(({ allowRollback }) => allowRollback)).toEqual([true, true]);
  });

  test("a build that was live before goes back where its commit does", async () => {
    answers.announceDeployment = [NOT_ALLOWED, PENDING];
    answers.watchLatestDeployment = { clientBuild: { state: "known" } };
    answers.recordDeployment = RECORDED;
    await publish();
    expect(sent.at(-1)).toMatchObject({ allowRollback: true, gitCommit: COMMIT });
  });

  test("a build that never was live is no rollback, whatever its commit", async () => {
    answers.announceDeployment = [NOT_ALLOWED, PENDING];
    answers.watchLatestDeployment = { clientBuild: { state: "unknown" } };
    answers.recordDeployment = RECORDED;
    await publish();
    expect(sent.at(-1)).toMatchObject({ gitCommit: `${COMMIT}-rebuilt` });
    expect(sent.at(-1)).not.toHaveProperty("allowRollback");
  });

  test("keeps the new release when the record's answer was lost and it is live", async () => {
    answers.recordDeployment = "hang up";
    answers.watchLatestDeployment = { buildId: "b2", epoch: 5, kind: "deploy" };
    const stopping = new AbortController();
    const published = publish(stopping.signal);
    await expect.poll(() => calls.at(-1)?.[0]).toBe("recordDeployment");
    stopping.abort();
    expect(await published).toMatchObject({ kind: "deploy", epoch: 5 });
    expect(await currentReleaseNumber(site)).toBe(2);
  });

  test("stopped before the record, serves the release before again", async () => {
    answers.recordDeployment = "hang up";
    answers.watchLatestDeployment = { buildId: "b1", epoch: 4, kind: "deploy" };
    const stopping = new AbortController();
    const published = publish(stopping.signal);
    await expect.poll(() => calls.at(-1)?.[0]).toBe("recordDeployment");
    stopping.abort();
    await expect(published).rejects.toThrow("Stopped before the ledger answered");
    expect(await currentReleaseNumber(site)).toBe(1);
  });
});
