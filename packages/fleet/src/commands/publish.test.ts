/** `publish`, `build` and `verify` as somebody types them, from the ceremony of keys on. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GitHostRig, type HostedGit } from "@tideline/testing/git-host-rig";
import { ReleaseHostRig } from "@tideline/testing/release-host-rig";
import { serviceProgram, writeServiceProgram } from "@tideline/testing/service-program";
import { platformKey } from "@tideline/version/fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { platformHere } from "../artifact/platform-here.js";
import { run } from "../run.js";

const HERE = platformKey(platformHere());

let cwd: string;
let host: ReleaseHostRig;
let git: GitHostRig;
let upstream: HostedGit;
let env: Record<string, string>;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "tideline-publish-"));
  [host, git] = [await ReleaseHostRig.start(), await GitHostRig.start()];
  upstream = await git.addRepository("nats");
  env = { PATH: process.env.PATH ?? "", TIDELINE_RELEASE_TOKEN: host.token };
  const root = await json("keys", "generate", "root", "--out", "root.pem");
  const release = await json("keys", "generate", "release", "--out", "release.pem");
  await json(
    ...["keys", "sign-keyset", "--root", "root.pem", "--out", "keyset.json"],
    ...["--release-key", String(release.publicKey), "--version", "1", "--expires", "365d"],
  );
  env.TIDELINE_RELEASE_KEY = await readFile(join(cwd, "release.pem"), "utf8");
  await rm(join(cwd, "release.pem"));
  await configure({ trust: { roots: [root.publicKey] } });
  await writeServiceProgram(join(cwd, "built"), { name: "nats", version: "2.10.25" });
});
afterEach(async () => {
  await Promise.all([host.close(), git.close()]);
  await rm(cwd, { recursive: true, force: true });
});

async function configure(changes: object): Promise<void> {
  const path = join(cwd, "sync.config.yaml");
  const config = {
    releases: { api: host.api, repository: host.repository.name },
    subsystems: {
      nats: {
        ...{ binary: "nats/.bin/nats", service: null, minimumAge: "0" },
        upstream: { remotes: [upstream.url] },
        source: {
          ...{ folder: "nats/.src", output: "nats/.src/dist/nats" },
          build: ["test -e no-build || { mkdir -p dist; install program.sh dist/nats; }"],
        },
      },
    },
    ...changes,
  };
  await writeFile(path, stringify(config));
}

async function sync(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await run(args, {
    ...{ cwd, env, isInteractive: false, signal: new AbortController().signal },
    print: (line) => out.push(line),
    log: (line) => err.push(line),
  });
  return { exitCode, out: out.join("\n"), err: err.join("\n") };
}
async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { exitCode, out, err } = await sync(...args, "--json");
  if (out === "") throw new Error(err);
  return { exitCode, ...(JSON.parse(out) as object) };
}
const publish = (...args: string[]) =>
  json("publish", "nats", "--file", `${HERE}=built`, "--version", "2.10.25", ...args);
const writes = () => host.requests.filter(({ method }) => method !== "GET");

test("the first release, from the ceremony on", async () => {
  expect(await publish("--notes", "The first one")).toMatchObject({
    ...{ exitCode: 0, subsystem: "nats", seq: 1, version: "2.10.25", tag: "nats-v2.10.25" },
    ...{ isNew: true, isDryRun: false, ledger: null },
    files: [{ platform: HERE, wasRun: true }],
  });
  const [release] = host.repository.releases;
  expect(release?.body).toContain("The first one");
  expect(release?.assets.map(({ name }) => name)).toEqual([
    `nats-2.10.25-${HERE}.tar.gz`,
    "nats.release.json",
  ]);
  const { out } = await sync("publish", "nats", "--file", `${HERE}=built`, "--version", "2.10.25");
  expect(out).toMatch(/^nats 2\.10\.25 as release 1 .*was published already; no ledger was told/);
});

test("--dry-run says what it would do, and sends nothing but GET; nothing is written here", async () => {
  const before = await readdir(cwd, { recursive: true });
  const plan = await publish("--dry-run");
  expect(plan).toMatchObject({ exitCode: 0, seq: 1, isNew: true, isDryRun: true, page: null });
  expect([writes(), await readdir(cwd, { recursive: true })]).toEqual([[], before]);
  const { files } = await publish();
  expect(files).toEqual(plan.files);
});

test("--revert and --revoke: back to the release before, and the bad one never again", async () => {
  await publish();
  await writeServiceProgram(join(cwd, "built"), { name: "nats", version: "2.10.26" });
  const bad = await json("publish", "nats", "--file", `${HERE}=built`, "--version", "2.10.26");
  const [{ binarySha256 }] = bad.files as [{ binarySha256: string }];
  const back = await json("publish", "nats", "--revert", "1", "--revoke", binarySha256);
  expect(back).toMatchObject({ seq: 3, version: "2.10.25", reverts: 1, revoked: [binarySha256] });
  const again = ["publish", "nats", "--file", `${HERE}=built`, "--version", "2.10.26", "--again"];
  expect(await json(...again)).toMatchObject({ exitCode: 3, error: { reason: "REVOKED" } });
});

describe("is refused before anybody is asked", () => {
  const noWrite = (): void => expect(writes()).toEqual([]);

  test.each([
    [
      "no token",
      async () => Reflect.deleteProperty(env, "TIDELINE_RELEASE_TOKEN"),
      "NOT_AUTHORIZED",
    ],
    ["no key", async () => Reflect.deleteProperty(env, "TIDELINE_RELEASE_KEY"), "NO_RELEASE_KEY"],
    ["no repository", () => configure({ releases: null, trust: { roots: [] } }), "NO_RELEASE_HOST"],
    ["no roots", () => configure({}), "NO_TRUSTED_ROOTS"],
  ] as const)("%s", async (_what, spoil, reason) => {
    await spoil();
    expect(await publish()).toMatchObject({ exitCode: 3, error: { reason } });
    expect(host.requests).toEqual([]);
  });

  test("a key that the keyset does not name", async () => {
    await json("keys", "generate", "release", "--out", "other.pem");
    const failed = await publish("--key", "other.pem");
    expect(failed).toMatchObject({ exitCode: 3, error: { reason: "SIGNATURE_INVALID" } });
  });

  test("a binary that says another version, or ends badly, is named as it was given", async () => {
    const other = { name: "nats", version: "2.10.25", variant: "wrong-version" } as const;
    await writeServiceProgram(join(cwd, "built"), other);
    const message = expect.stringContaining(`Cannot take "${join(cwd, "built")}"`);
    expect(await publish()).toMatchObject({ error: { reason: "EXEC_WRONG_VERSION", message } });
    await writeFile(join(cwd, "built"), "#!/bin/sh\nexit 1\n");
    expect(await publish()).toMatchObject({ error: { reason: "EXEC_FAILED" } });
    noWrite();
  });

  test("a file that is not there, and a key that is not, are mistakes in the command line", async () => {
    await rm(join(cwd, "built"));
    const file = `expected a binary at "${join(cwd, "built")}" of --file, got none`;
    const message = expect.stringContaining(file);
    expect(await publish()).toMatchObject({ exitCode: 2, error: { reason: "USAGE", message } });
    const key = await sync("publish", "nats", "--revert", "1", "--key", "nowhere.pem");
    const said = `expected a file at "${join(cwd, "nowhere.pem")}", got none`;
    expect([key.exitCode, key.err]).toEqual([2, expect.stringContaining(said)]);
    expect(host.requests).toEqual([]);
  });

  test("a .version beside it that is of another build", async () => {
    const checksum = createHash("sha256").update("another build").digest("hex");
    const text = `commit: none\ntimestamp: 2026-01-01T00:00:00Z\nchecksum: ${checksum}\n`;
    await writeFile(join(cwd, ".version"), text);
    expect(await publish()).toMatchObject({ error: { reason: "OUTPUT_STALE" } });
    noWrite();
  });

  test.each([
    [["--file", "linux=built"], "linux-x64-glibc=PATH"],
    [["--file", `${HERE}=built`, "--revert", "1"], "--revert and --file"],
    [["--revert", "x"], 'after --revert, got "x"'],
    [["--revoke", "abc"], 'after --revoke, 64 hex digits in lower case, got "abc"'],
    [["--expires", "soon"], 'after --expires, got "soon"'],
    [["--seq", "0"], 'after --seq, got "0"'],
    [["--tag", "v1"], "--commit beside --tag"],
    [
      ["--file", `${HERE}=built`],
      "expected --version, a build by `tideline-sync build`, or a version in the .version",
    ],
  ])("%j is a mistake in the command line", async (args, said) => {
    const { exitCode, err } = await sync("publish", "nats", ...args);
    expect([exitCode, err]).toEqual([2, expect.stringContaining(said)]);
  });
});

describe("build, and publish --from", () => {
  beforeEach(async () => {
    const program = serviceProgram({ name: "nats", version: "2.10.26" }).bytes.toString();
    await upstream.commit("2.10.26", { "program.sh": program });
    await upstream.tag("v2.10.26");
  });

  test("what a job has built is published by another, with its commit", async () => {
    const built = await json("build", "nats", "--out", "dist");
    expect(built).toMatchObject({ exitCode: 0, version: "2.10.26", tag: "v2.10.26" });
    expect(await readdir(join(cwd, "dist", HERE))).toEqual(["build.json", "nats"]);
    await rm(join(cwd, "nats"), { recursive: true });
    expect(await json("publish", "nats", "--from", "dist", "--no-run")).toMatchObject({
      ...{ exitCode: 0, version: "2.10.26", seq: 1 },
      files: [{ platform: HERE, wasRun: false }],
    });
    const file = host.repository.releases[0]?.assets.find(({ name }) => name.endsWith(".json"));
    const { manifest } = JSON.parse(String(file?.bytes)) as { manifest: string };
    expect(JSON.parse(manifest)).toMatchObject({
      upstream: { url: upstream.url, tag: "v2.10.26", oid: built.commit },
    });
  });

  test("what was built here is published here, with its commit, for as long as it is that binary", async () => {
    const built = await json("build", "nats");
    const first = await json("publish", "nats");
    expect(first).toMatchObject({ exitCode: 0, version: "2.10.26", seq: 1 });
    const file = host.repository.releases[0]?.assets.find(({ name }) => name.endsWith(".json"));
    const { manifest } = JSON.parse(String(file?.bytes)) as { manifest: string };
    expect(JSON.parse(manifest)).toMatchObject({
      upstream: { url: upstream.url, tag: "v2.10.26", oid: built.commit },
    });
    await writeFile(join(cwd, "nats/.src/dist/nats"), "something else");
    const { exitCode, err } = await sync("publish", "nats");
    expect([exitCode, err]).toEqual([
      2,
      expect.stringContaining("a build by `tideline-sync build`"),
    ]);
  });

  test("a binary that is not the one that was built is OUTPUT_STALE", async () => {
    await json("build", "nats", "--out", "dist");
    await writeServiceProgram(join(cwd, "dist", HERE, "nats"), {
      name: "nats",
      version: "2.10.26",
      variant: "never-ready",
    });
    const failed = await json("publish", "nats", "--from", "dist");
    expect(failed).toMatchObject({ exitCode: 3, error: { reason: "OUTPUT_STALE" } });
  });

  test("builds of two commits are OUTPUT_STALE, and none at all OUTPUT_MISSING", async () => {
    await json("build", "nats", "--out", "dist");
    const other = join(cwd, "dist", "darwin-arm64");
    await mkdir(other);
    const note = JSON.parse(await readFile(join(cwd, "dist", HERE, "build.json"), "utf8"));
    const bytes = await readFile(join(cwd, "dist", HERE, "nats"));
    await writeFile(join(other, "nats"), bytes);
    const theirs = { ...note, platform: "darwin-arm64", commit: "a".repeat(40) };
    await writeFile(join(other, "build.json"), JSON.stringify(theirs));
    const mixed = await json("publish", "nats", "--from", "dist");
    expect(mixed).toMatchObject({ error: { reason: "OUTPUT_STALE" } });
    const none = await json("publish", "nats", "--from", "nowhere");
    expect(none).toMatchObject({ error: { reason: "OUTPUT_MISSING" } });
  });

  test("what has no upstream is not built: the configuration lacks it", async () => {
    const subsystems = { own: { binary: "own/own", service: null } };
    await configure({ subsystems });
    const { exitCode, err } = await sync("build", "own");
    expect([exitCode, err]).toEqual([
      2,
      "Cannot build own: expected `upstream` in its configuration, got none",
    ]);
  });

  test("a build that leaves nothing behind does not pass off the one before as its own", async () => {
    await json("build", "nats");
    const program = serviceProgram({ name: "nats", version: "2.10.27" }).bytes.toString();
    await upstream.commit("2.10.27", { "program.sh": program, "no-build": "" });
    await upstream.tag("v2.10.27");
    expect(await json("build", "nats")).toMatchObject({ error: { reason: "OUTPUT_MISSING" } });
    // It says what it does, and does not call done what may fail yet.
    const { err } = await sync("build", "nats");
    expect(err).toContain("nats: building 2.10.27\n");
    expect(err).toContain("nats: has no test commands\n");
    expect(err).toMatch(/expected a binary at ".*dist\/nats" afterwards, got none/);
  });
});

test("verify ends with 1 for what is not what it should be, and says the next step", async () => {
  await writeServiceProgram(join(cwd, "nats/.bin/nats"), { name: "nats", version: "1.0.0" });
  const { exitCode, out } = await sync("verify");
  expect([exitCode, out]).toEqual([
    1,
    expect.stringContaining("nats: unknown\n  It has no .version"),
  ]);
  expect(out).toMatch(/`tideline-sync apply (nats )?--adopt`/);
});
