/**
 * What the documentation promises to somebody who has Node and a file: one command installs, and the
 * installed program updates itself by a real signed release.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { platformKey } from "@tideline/version/fleet";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { REPOSITORY } from "../../../../scripts/build-app.js";
import { platformHere } from "../../../fleet/src/artifact/platform-here.js";
import { FLEET_TOKENS, LedgerRig } from "../ledger-rig.js";
import { runSync } from "../sync-process.js";
import { SyncBuilds } from "./sync-builds.js";
import { SyncMachine } from "./sync-machine.js";

let builds: SyncBuilds;
let folder: string;
let tarball: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-newcomer-"));
  await mkdir(join(folder, "home"));
  builds = await SyncBuilds.make();
  await run(join(REPOSITORY, "packages/fleet"), "npm", ["pack", "--pack-destination", folder]);
  const [name = ""] = (await readdir(folder)).filter((one) => one.endsWith(".tgz"));
  tarball = join(folder, name);
});
afterAll(async () => {
  await builds.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a program as somebody would who has never used npm on this machine. */
async function run(cwd: string, program: string, args: readonly string[]): Promise<string> {
  const { PATH = "" } = process.env;
  const env = {
    ...{ PATH, HOME: join(folder, "home"), npm_config_cache: join(folder, "cache") },
    // Nothing is fetched but the file itself.
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
  };
  return (await promisify(execFile)(program, args, { cwd, env })).stdout;
}

test("Show 11: one command installs from the packed tarball, and its own update is a signed release like any other", async () => {
  const machine = await SyncMachine.install(builds, async (folder) => {
    const command = ["--yes", "--package", tarball, "tideline-sync", "install", "--json"];
    const { binary, config } = JSON.parse(await run(folder, "npx", command));
    expect(binary).toMatchObject({ state: "installed", version: "0.1.0" });
    expect(config).toMatchObject({ isNew: true });
  });
  onTestFailed(() => console.log(machine.guard.lines.join("\n")));
  try {
    // It needs nothing of npm any more.
    await rm(join(folder, "cache"), { recursive: true, force: true });
    await machine.startGuard();
    const pids = await machine.pids();
    const file = await builds.write("0.1.1");
    const published = await machine.run(
      [
        ...["publish", "sync", "--version", "0.1.1", "--json"],
        ...["--file", `${platformKey(platformHere())}=${file}`],
      ],
      machine.publisherEnv(),
    );
    expect(published.code, published.lines.join("\n")).toBe(0);
    expect(await machine.sendWebhook()).toBe(202);
    await machine.guard.untilLine(/"event":"recovered".*"state":"committed"/);
    expect((await machine.run(["--version"])).stdout).toMatch(/^tideline-sync 0\.1\.1 /);
    const files = await machine.files();
    expect(files.kept).toBe(files.active);
    expect(await machine.pids()).toEqual(pids);
    expect(await machine.health()).toMatchObject({ status: "ok" });
  } finally {
    await machine.dispose();
  }
}, 60_000);

test("installed again, everything stays as it is, also a configuration that somebody has changed", async () => {
  const file = await builds.write("1.0.0");
  const target = join(folder, "again");
  await mkdir(target);
  const install = async (...args: string[]) => {
    const { code, stdout, lines } = await runSync(["install", "--json", ...args], {
      ...{ cwd: folder, file },
    });
    expect(code, lines.join("\n")).toBe(0);
    return JSON.parse(stdout) as Record<string, Record<string, unknown>>;
  };
  const units = ["--unit-folder", join(target, "units")];
  const first = await install("--dir", target, "--systemd-user", ...units);
  expect(first).toMatchObject({
    ...{ binary: { state: "installed" }, config: { isNew: true }, machine: null },
    unit: { scope: "user", isNew: true },
  });
  const unit = await readFile(join(target, "units/tideline-sync.service"), "utf8");
  const kept = join(target, "sync/.bin/.guard/tideline-sync");
  expect(unit).toContain(`ExecStart="${process.execPath}" "${kept}" guard -- watch\n`);
  const before = await snapshot(target);
  const second = await install("--dir", target, "--systemd-user", ...units);
  expect(second).toMatchObject({
    ...{ binary: { state: "present" }, config: { isNew: false }, unit: { isNew: false } },
  });
  expect(await snapshot(target)).toEqual(before);

  // A newer one does not replace it behind the engine's back.
  const newer = await builds.write("1.1.0");
  const { stdout } = await runSync(["install", "--json", "--dir", target], {
    ...{ cwd: folder, file: newer },
  });
  expect(JSON.parse(stdout)).toMatchObject({ binary: { state: "other", version: "1.0.0" } });
  expect(await snapshot(target)).toEqual(before);
});

test("with an address and a token the machine is enrolled, once", async () => {
  const ledger = await LedgerRig.create();
  try {
    const target = join(folder, "enrolled");
    const file = await builds.write("1.0.0");
    const args = ["install", "--json", "--dir", target, "--url", ledger.url];
    const env = { TIDELINE_FLEET_ENROL_TOKEN: FLEET_TOKENS.enrol };
    const first = await runSync(args, { cwd: folder, file, env });
    expect(first.code, first.lines.join("\n")).toBe(0);
    const { machine, missing } = JSON.parse(first.stdout);
    expect(machine).toMatchObject({ url: ledger.url, isNew: true });
    expect(missing).toEqual([]);
    // Without the token: it is known already.
    const second = await runSync(args, { cwd: folder, file });
    expect(JSON.parse(second.stdout).machine).toEqual({ ...machine, isNew: false });

    // At another ledger than the configuration names, it has to be said which line goes.
    const other = ["install", "--json", "--dir", join(folder, "again"), "--url", ledger.url];
    await writeFile(
      join(folder, "again/sync.config.yaml"),
      "ledger: { url: http://127.0.0.1:9 }\nsubsystems: { nats: { binary: nats/nats } }\n",
    );
    const moved = await runSync(other, { cwd: folder, file, env });
    expect(JSON.parse(moved.stdout).missing).toEqual([
      { line: `ledger: { url: ${ledger.url} }`, replaces: true },
    ]);

    const wrong = ["install", "--json", "--dir", join(folder, "wrong"), "--url", ledger.url];
    const refused = await runSync([...wrong, "--token", "not-the-one-that-is-set"], {
      ...{ cwd: folder, file },
    });
    expect(refused.code).toBe(3);
    expect(JSON.parse(refused.stdout).error.reason).toBe("TOKEN_REFUSED");
    // What was installed before the ledger was asked stays, so that only the token is to be mended.
    expect((await stat(join(folder, "wrong/sync/.bin/tideline-sync"))).mode & 0o777).toBe(0o755);
  } finally {
    await ledger.dispose();
  }
});

test("in a folder with any name the next steps can be pasted", async () => {
  const file = await builds.write("1.0.0");
  const target = join(folder, "it's ünï cødé");
  const { code, stdout } = await runSync(["install", "--json", "--dir", target], {
    ...{ cwd: folder, file },
  });
  expect(code).toBe(0);
  const steps: string[] = JSON.parse(stdout).nextSteps;
  const [, command = ""] = /^Look it over: (.*)$/m.exec(steps.join("\n")) ?? [];
  const said = await promisify(execFile)("sh", ["-c", `${command} --help`], { cwd: folder });
  expect(said.stdout).toContain("Usage: tideline-sync doctor");
});

test("what cannot be a machine's folder is refused before anything is written", async () => {
  const file = await builds.write("1.0.0");
  const long = join(folder, "a".repeat(60), "b".repeat(60));
  const refusals = [
    [["--dir", file], 'expected a folder, got the file "'],
    [["--dir", long], "bytes shorter, as the guard's socket lies in it and may have 103"],
    [["--url", "https://me:secret@ledger.example"], 'got "https://…@ledger.example"'],
  ] as const;
  for (const [args, why] of refusals) {
    const { code, lines } = await runSync(["install", ...args], { cwd: folder, file });
    expect(code).toBe(2);
    expect(lines.join("\n")).toContain(why);
  }
  expect(await stat(long).catch(() => null)).toBeNull();
});

test("the file runs wherever it lies, whatever package.json is near", async () => {
  const file = await builds.write("1.0.0");
  for (const type of ["commonjs", "module"]) {
    const near = join(folder, type);
    await run(folder, "mkdir", [near]);
    await promisify(execFile)("sh", ["-c", `echo '{"type":"${type}"}' > package.json`], {
      cwd: near,
    });
    await run(near, "cp", [file, "tideline-sync"]);
    expect(await run(near, "./tideline-sync", ["--version"])).toMatch(/^tideline-sync 1\.0\.0 \(/);
    const checked = await runSync(["status"], { cwd: near, file: join(near, "tideline-sync") });
    expect(checked.lines.join("\n")).toContain("expected a sync.config.yaml");
  }
});

/** Every file below a folder with its inode and time: what would change if it were touched. */
async function snapshot(root: string): Promise<string[]> {
  const names = await readdir(root, { recursive: true });
  const found = await Promise.all(
    names.map(async (name) => {
      const { ino, mtimeMs, mode } = await stat(join(root, name));
      return `${name} ${ino} ${mtimeMs} ${mode}`;
    }),
  );
  return found.sort();
}
