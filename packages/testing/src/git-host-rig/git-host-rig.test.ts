import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GIT_ENV } from "../git-rig.js";
import { GitHostRig, type HostedGit } from "./index.js";

let host: GitHostRig;
let nats: HostedGit;
beforeEach(async () => {
  host = await GitHostRig.start();
  nats = await host.addRepository("nats");
});
afterEach(async () => {
  await host.close();
});

const git = async (...args: readonly string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)("git", args, {
    env: { ...process.env, ...GIT_ENV },
  });
  return stdout.trim();
};

test("git itself lists and clones from the server", async () => {
  const commit = await nats.commit("one", { "main.go": "package main" });
  await nats.tag("v1.0.0", { isAnnotated: true });
  const listed = await git("ls-remote", nats.url);
  expect(listed).toContain(`${commit}\trefs/heads/main`);
  expect(listed).toContain(`${commit}\trefs/tags/v1.0.0^{}`);
  const folder = await mkdtemp(join(tmpdir(), "tideline-clone-"));
  await git("clone", "--quiet", nats.url, folder);
  expect(await git("-C", folder, "rev-parse", "HEAD")).toBe(commit);
  await rm(folder, { recursive: true });
});

test("git reads thousands of refs that were added at once", async () => {
  await nats.addManyTags(3000, await nats.commit("one"));
  const listed = await git("ls-remote", nats.url);
  expect(listed.split("\n")).toHaveLength(3002);
});

test("a mirror stays as it was", async () => {
  await nats.commit("one");
  await nats.tag("v1.0.0");
  const mirror = await host.addMirror("mirror", nats);
  await nats.tag("v1.1.0");
  expect(await git("ls-remote", "--tags", mirror.url)).not.toContain("v1.1.0");
});

test("git follows a redirect of the first request, and fails on a cut", async () => {
  const commit = await nats.commit("one");
  host.fail({ kind: "redirect", status: 301, to: nats.url, repository: "old" });
  expect(await git("ls-remote", `${host.url}/old.git`, "refs/heads/main")).toContain(commit);
  host.fail({ kind: "cut", at: 30, on: "post" });
  await expect(git("ls-remote", nats.url)).rejects.toThrow();
});

test("every byte on the wire is counted", async () => {
  const before = host.wireBytes();
  await (await fetch(`${nats.url}/info/refs?service=git-upload-pack`)).text();
  const after = host.wireBytes();
  expect(after.received).toBeGreaterThan(before.received + 100);
  expect(after.sent).toBeGreaterThan(before.sent + 100);
});
