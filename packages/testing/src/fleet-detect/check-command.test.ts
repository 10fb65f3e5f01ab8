/** `tideline-sync check` as a process, and row 31: no git anywhere near. */
import { execFile } from "node:child_process";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { platformKey } from "@tideline/version/fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { platformHere } from "../../../fleet/src/artifact/platform-here.js";
import { withMarker } from "../../../fleet/src/publish/release-marker.js";
import { findExecutable } from "../find-executable.js";
import type { HostedGit } from "../git-host-rig/index.js";
import { GitRig } from "../git-rig.js";
import { ReleaseHostRig } from "../release-host-rig/index.js";
import { rawArtifact, SignedFleet } from "../signed-fleet.js";
import { runSync } from "../sync-process.js";
import { DetectRig } from "./detect-rig.js";

const PROGRAM = "#!/bin/sh\necho nats 2.10.25\n";

let rig: DetectRig;
let nats: HostedGit;
let arc: HostedGit;
let commits: Record<string, string>;
beforeEach(async () => {
  rig = await DetectRig.start();
  nats = await rig.git.addRepository("nats");
  arc = await rig.git.addRepository("arc");
  commits = {};
  for (const tag of ["v2.10.24", "v2.10.25"]) {
    await nats.commit(tag);
    commits[tag] = await nats.tag(tag);
  }
  commits.arc = await arc.commit("one");
  await rig.configure("nats", [nats.url]);
  await rig.configure("arc", [arc.url], { strategy: "commits" });
  await rig.install("nats", { commit: commits["v2.10.24"]?.slice(0, 7) ?? "" });
  await rig.install("arc", { commit: commits.arc });
});
afterEach(() => rig.close());

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runSync(["check", ...args], { cwd: rig.folder, env });

const jsonOf = async (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) => {
  const { code, stdout, lines } = await run([...args, "--json"], env);
  expect(code, lines.join("\n")).toBe(0);
  return JSON.parse(stdout);
};

describe("tideline-sync check", () => {
  test("prints the map of names, and writes the manifest with exactly the wished fields, and ours", async () => {
    const map = await jsonOf();
    expect(map.nats).toMatchObject({
      ...{ name: "nats", current: "v2.10.24", latest: "v2.10.25", update_available: true },
      ...{ update_class: "patch", state: "update-available", override: null },
    });
    expect(map.arc).toMatchObject({ name: "arc", update_available: false, state: "current" });
    const manifest = JSON.parse(await rig.manifest());
    expect(manifest).toEqual({
      last_check: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      subsystems: {
        nats: {
          name: "nats",
          upstream_repo: nats.url,
          current_commit: commits["v2.10.24"]?.slice(0, 7),
          current_tag: "v2.10.24",
          latest_commit: commits["v2.10.25"],
          latest_tag: "v2.10.25",
          update_available: true,
          last_updated: "2026-05-01T08:35:43Z",
          ...{ strategy: "tags", override: null, state: "update-available" },
          ...{ reason: null, detail: null },
        },
        arc: {
          name: "arc",
          upstream_repo: arc.url,
          current_commit: commits.arc,
          latest_commit: commits.arc,
          update_available: false,
          last_updated: "2026-05-01T08:35:43Z",
          ...{ strategy: "commits", override: null, state: "current" },
          ...{ reason: null, detail: null },
        },
      },
    });
  });

  test("gives the names of updates to the jq line of a task file", async () => {
    const { stdout } = await run(["--json"]);
    const jq = await findExecutable(["jq"], process.env, []);
    const names =
      jq === null
        ? Object.values(JSON.parse(stdout) as Record<string, Record<string, unknown>>)
            .filter((row) => row.update_available)
            .map((row) => row.name)
        : await throughJq(jq, stdout);
    expect(names).toEqual(["nats"]);
  });

  async function throughJq(jq: string, json: string): Promise<string[]> {
    const path = join(rig.folder, "updates.json");
    await writeFile(path, json);
    const filter = ".[] | select(.update_available) | .name";
    const { stdout } = await promisify(execFile)(jq, ["-r", filter, path]);
    return stdout.trim().split("\n");
  }

  test("looks at one subsystem and leaves the row of the other as it is", async () => {
    await jsonOf();
    const { arc: before } = JSON.parse(await rig.manifest()).subsystems;
    await arc.commit("two");
    expect(Object.keys(await jsonOf(["nats"]))).toEqual(["nats"]);
    expect(JSON.parse(await rig.manifest()).subsystems.arc).toEqual(before);
    expect(Object.keys(await jsonOf(["all"]))).toEqual(["nats", "arc"]);
  });

  test("ends with 0 also if there are updates, with 10 if that is asked, with 3 if one failed", async () => {
    expect((await run(["--exit-code"])).code).toBe(10);
    expect((await run(["--exit-code", "arc"])).code).toBe(0);
    expect((await run(["other"])).code).toBe(2);
    rig.git.fail({ kind: "no-flush", repository: "nats", on: "post" });
    const { code, stdout } = await run(["--json"]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      arc: { update_available: false, state: "current" },
      nats: {
        ...{ current: "v2.10.24", latest: "v2.10.25", update_available: false, state: "failed" },
        ...{ reason: "LISTING_INCOMPLETE", next_step: expect.stringContaining("check") },
      },
    });
    expect(JSON.parse(await rig.manifest()).subsystems.nats.update_available).toBe(true);
    // What was installed meanwhile lies on the disk, whoever answers.
    await rig.install("nats", { version: "2.10.25" });
    expect(JSON.parse((await run(["--json", "nats"])).stdout)).toMatchObject({
      nats: { current: "2.10.25", state: "failed" },
    });
  });

  test("tells a person what is to be done, a line for each", async () => {
    await rig.configure("nats", [nats.url], { override: "v2.10.24" });
    const { stdout } = await run([]);
    expect(stdout.split("\n").sort()).toEqual([
      `arc   ${commits.arc?.slice(0, 12)}  current`,
      "nats  v2.10.24      current, override v2.10.24",
    ]);
  });

  test("gives a workflow the list of what changed", async () => {
    const output = join(rig.folder, "output");
    await jsonOf([], { GITHUB_OUTPUT: output });
    expect(await readFile(output, "utf8")).toBe('changed=["nats"]\nany=true\n');
  });

  test("reads the checkout of a binary without .version, and a worktree of it", async () => {
    await rename(join(rig.folder, "nats/.bin/.version"), join(rig.folder, "nats/.bin/nats"));
    await nats.work.git("checkout", "--quiet", "v2.10.24");
    const source = join(rig.folder, "nats/.src");
    await useSource(source);
    expect(await jsonOf(["nats"])).toMatchObject({ nats: { state: "not-installed" } });
    await nats.work.git("worktree", "add", "--quiet", source, "v2.10.24");
    expect(await jsonOf(["nats"])).toMatchObject({
      nats: { current: "v2.10.24", latest: "v2.10.25", update_available: true },
    });
    await rm(source, { recursive: true });
    const clone = await GitRig.clone(nats.bare);
    await rename(clone.folder, source);
    const head = { current_commit: commits["v2.10.25"], state: "current" };
    expect((await jsonOf(["nats"])).nats).toMatchObject(head);
    await new GitRig(source).git("pack-refs", "--all");
    expect((await jsonOf(["nats"])).nats).toMatchObject(head);
    // A checkout alone is nothing that runs.
    await rm(join(rig.folder, "nats/.bin/nats"));
    expect((await jsonOf(["nats"])).nats).toMatchObject({
      ...{ state: "not-installed", latest: "v2.10.25", update_available: true },
    });
  });

  test("what runs between two tags is asked of the server: ahead, behind, or unknown", async () => {
    const ahead = await nats.commit("after the last tag");
    await rig.install("nats", { commit: ahead });
    expect((await jsonOf(["nats"])).nats).toMatchObject({ state: "current" });
    await rig.install("nats", { commit: ahead.slice(0, 8) });
    expect((await jsonOf(["nats"])).nats).toMatchObject({
      ...{ state: "unknown", reason: "CURRENT_UNKNOWN", update_available: false },
    });
    await nats.work.git("checkout", "--quiet", "v2.10.24");
    const between = await nats.work.commit("between");
    await nats.work.git("push", "--quiet", "origin", "HEAD:refs/heads/between");
    await rig.install("nats", { commit: between });
    expect((await jsonOf(["nats"])).nats).toMatchObject({ state: "update-available" });
  });

  async function useSource(folder: string): Promise<void> {
    const path = join(rig.folder, "sync.config.yaml");
    const text = await readFile(path, "utf8");
    const source = JSON.stringify({ folder, build: ["true"], output: "nats/built" });
    await writeFile(path, text.replace("  nats: {", `  nats: {"source":${source},`));
  }
});

describe("row 31: no git on the PATH", () => {
  test("row 31: a developer's check, a user's check and a user's update work with an empty PATH", async () => {
    const empty = join(rig.folder, "empty");
    await mkdir(empty);
    const map = await jsonOf([], { PATH: empty });
    expect(map.nats).toMatchObject({ current: "v2.10.24", latest: "v2.10.25" });
    const host = await publish();
    expect((await jsonOf(["nats"], { PATH: empty })).nats).toMatchObject({
      ...{ strategy: "published", current: commits["v2.10.24"]?.slice(0, 7), latest: "v2.10.25" },
      ...{ update_available: false, state: "refused", reason: "DRIFTED" },
    });
    await rm(join(rig.folder, "nats/.bin"), { recursive: true });
    expect((await jsonOf(["nats"], { PATH: empty })).nats).toMatchObject({
      ...{ latest: "v2.10.25", update_available: true, state: "not-installed" },
    });
    const applied = await runSync(["apply", "nats"], { cwd: rig.folder, env: { PATH: empty } });
    expect(applied.code, applied.lines.join("\n")).toBe(0);
    expect((await jsonOf(["nats"], { PATH: empty })).nats).toMatchObject({
      ...{ current: "v2.10.25", update_available: false, state: "current" },
    });
    await host.close();
  });

  test("what upstream has and nobody has published is what CI builds", async () => {
    await rm(join(rig.folder, "nats/.bin"), { recursive: true });
    const host = await publish();
    expect((await jsonOf(["--published", "nats"])).nats).toMatchObject({
      ...{ current: "v2.10.25", latest: "v2.10.25", update_available: false, strategy: "tags" },
    });
    await nats.commit("next");
    await nats.tag("v2.10.26");
    const output = join(rig.folder, "output");
    expect((await jsonOf(["--published", "nats"], { GITHUB_OUTPUT: output })).nats).toMatchObject({
      ...{ current: "v2.10.25", latest: "v2.10.26", update_available: true },
    });
    expect(await readFile(output, "utf8")).toContain('changed=["nats"]');
    await host.close();
  });

  /** Makes this a machine of a fleet that has published 2.10.25. */
  async function publish(): Promise<ReleaseHostRig> {
    const host = await ReleaseHostRig.start();
    const fleet = new SignedFleet({ now: Date.now() });
    const manifest = fleet.manifest({
      upstream: { url: nats.url, tag: "v2.10.25", oid: commits["v2.10.25"] ?? "" },
      artifacts: {
        [platformKey(platformHere())]: rawArtifact(PROGRAM, [
          `${host.api}/acme/plat/releases/download/nats-v2.10.25/nats`,
        ]),
      },
    });
    host.addRelease({
      tag: "nats-v2.10.25",
      body: withMarker("", { subsystem: "nats", seq: 7, by: "a builder", at: Date.now() }),
      assets: { "nats.release.json": JSON.stringify(fleet.sign(manifest)), nats: PROGRAM },
    });
    const path = join(rig.folder, "sync.config.yaml");
    const releases = JSON.stringify({ kind: "github", api: host.api, repository: "acme/plat" });
    const text = await readFile(path, "utf8");
    const more = `releases: ${releases}\ntrust: ${JSON.stringify(fleet.trust)}\n`;
    // A tool: nothing runs it.
    const tool = text.replace("  nats: {", '  nats: {"service":null,');
    await writeFile(path, `${more}${tool}`);
    await writeFile(join(rig.folder, "nats/.bin/nats"), "somebody's").catch(() => {});
    return host;
  }
});
