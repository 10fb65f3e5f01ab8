import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildEnvironment } from "./build-environment.js";
import { runScript, type Script } from "./run-script.js";

let folder: string;
let lines: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-script-"));
  lines = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const script = (commands: readonly string[], changes: Partial<Script> = {}): Script => ({
  ...{ what: "build", subsystem: "nats", commands, folder, env: { ...process.env } },
  ...{ logFile: join(folder, "logs/build.log"), timeoutMs: 20_000, reason: "BUILD_FAILED" },
  onLine: (line) => lines.push(line),
  signal: new AbortController().signal,
  graceMs: 200,
  ...changes,
});

const isAlive = async (pid: number): Promise<boolean> => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // Where nobody waits for orphans, one that was killed keeps its number.
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) [ZX] /.test(stat);
};

test("commands run one after the other by the shell; every line is heard and kept", async () => {
  await runScript(script(["echo one > made; cat made", "echo two >&2", "printf 'no newline'"]));
  expect(lines).toEqual([
    ...["$ echo one > made; cat made", "one", "$ echo two >&2", "two"],
    ...["$ printf 'no newline'", "no newline"],
  ]);
  expect(await readFile(join(folder, "logs/build.log"), "utf8")).toBe(`${lines.join("\n")}\n`);
});

test("the first that fails ends it, with the reason, its last lines and where all of them are", async () => {
  const failed = runScript(script(["echo before", "echo what >&2; exit 3", "echo never"]));
  await expect(failed).rejects.toMatchObject({
    reason: "BUILD_FAILED",
    message: expect.stringMatching(/got exit code 3; its output is in .*build\.log\n[\s\S]*what/),
  });
  expect(lines).not.toContain("never");
});

test("what writes without end fills no disk, and is heard to its end", async () => {
  await runScript(script(["head -c 20000000 /dev/zero | tr '\\0' a | fold -w 1000", "echo last"]));
  const kept = await readFile(join(folder, "logs/build.log"), "utf8");
  expect(kept.length).toBeLessThan(17 * 1024 * 1024);
  expect(kept.endsWith("\n… and more, which is left out\n")).toBe(true);
  expect(lines.at(-1)).toBe("last");
});

test("when its time is over, it and everything it has started is gone, also what ignores SIGTERM", async () => {
  const stubborn =
    "trap '' TERM; sh -c 'trap \"\" TERM; echo pid $$; while :; do sleep 0.05; done' & wait";
  const late = runScript(script([stubborn], { timeoutMs: 400 }));
  await expect(late).rejects.toMatchObject({
    message: expect.stringContaining("no end within 400 ms"),
  });
  const pid = Number(lines.find((line) => line.startsWith("pid "))?.slice(4));
  expect(pid).toBeGreaterThan(1);
  expect(await isAlive(pid)).toBe(false);
});

test("Ctrl-C ends it with the signal's reason, and nothing of it is left", async () => {
  const controller = new AbortController();
  const running = runScript(
    script(["sh -c 'echo pid $$; sleep 60' & wait"], {
      signal: controller.signal,
      onLine: (line) => {
        lines.push(line);
        if (line.startsWith("pid ")) controller.abort(new Error("Ctrl-C"));
      },
    }),
  );
  await expect(running).rejects.toThrow("Ctrl-C");
  const pid = Number(lines.find((line) => line.startsWith("pid "))?.slice(4));
  expect(await isAlive(pid)).toBe(false);
});

test("what a command has left running ends with it", async () => {
  await runScript(script(["sh -c 'echo pid $$; exec sleep 60' & sleep 0.2"]));
  const pid = Number(lines.find((line) => line.startsWith("pid "))?.slice(4));
  expect(await isAlive(pid)).toBe(false);
});

test("much output is no reason to stop", async () => {
  await runScript(script(["yes 0123456789 | head -n 100000"], { onLine: () => {} }));
  const log = await readFile(join(folder, "logs/build.log"), "utf8");
  expect(log.split("\n")).toHaveLength(100_002);
});

test.each([
  ...["TIDELINE_RELEASE_KEY", "TIDELINE_RELEASE_TOKEN", "TIDELINE_FLEET_TOKEN", "GITHUB_TOKEN"],
  ...["TIDELINE_FLEET_READ_TOKEN", "TIDELINE_WEBHOOK_SECRETS", "WEBHOOK_SECRET_NATS", "GH_TOKEN"],
  ...["WEBHOOK_SECRET", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CONVEX_DEPLOY_KEY", "GIT_DIR"],
  ...["TIDELINE_RELEASE_KEY_FILE", "TIDELINE_FLEET_ENROL_TOKEN", "PC_API_TOKEN", "NPM_TOKEN"],
  ...["PC_API_TOKEN_PATH", "NODE_AUTH_TOKEN", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY"],
  ...["AWS_ACCESS_KEY_ID", "npm_config__authToken", "CARGO_REGISTRIES_CRATES_CREDENTIAL_PROVIDER"],
  ...["OPENAI_API_KEY", "SSH_PRIVATE_KEY", "MYSQL_PWD", "PGPASSFILE", "PGPASSWORD", "_auth"],
  ...["npm_config__auth", "DOCKER_AUTH_CONFIG", "SSH_AUTH_SOCK", "HTTP_AUTHORIZATION"],
  ...["DATABASE_URL", "TEST_DATABASE_URL", "MONGODB_URI", "REDIS_URL", "SENTRY_DSN"],
])("a build does not see %s", (name) => {
  const env = buildEnvironment({ [name]: "x", PATH: "/bin", HOME: "/root", GOFLAGS: "-trimpath" });
  expect(env).toEqual({ PATH: "/bin", HOME: "/root", GOFLAGS: "-trimpath" });
});

test.each([
  ...["PWD", "OLDPWD", "INIT_CWD", "GIT_AUTHOR_NAME", "GIT_AUTHOR_DATE", "XAUTHORITY", "GOPROXY"],
  ...["HTTPS_PROXY", "npm_config_registry", "PKG_CONFIG_PATH", "KEYBOARD", "CMAKE_BUILD_TYPE"],
])("a build sees %s", (name) => {
  expect(buildEnvironment({ [name]: "x" })).toEqual({ [name]: "x" });
});
