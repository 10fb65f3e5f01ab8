import { closeSync, openSync, watch } from "node:fs";
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountTmpfs } from "@tideline/testing/mount-tmpfs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { execFormatProblem } from "./exec-format.js";
import { execTest } from "./exec-test.js";
import { saysVersion } from "./says-version.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-exec-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function program(bytes: string | Uint8Array): Promise<string> {
  const path = join(folder, `program-${files++}`);
  await writeFile(path, bytes);
  await chmod(path, 0o755);
  return path;
}

const never = new AbortController().signal;
const run = (path: string, more: object = {}) =>
  execTest({ path, args: ["--version"], version: null, timeoutMs: 20_000, signal: never, ...more });

/** Whether a process still does anything; one that nobody has waited for does not. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  return status !== null && !/\) [ZX] /.test(status);
}

describe("execTest()", () => {
  test("gives what the program says on both outputs, and hands its arguments over as they are", async () => {
    const path = await program('#!/bin/sh\nprintf "%s|" "$@"; echo "tool v1.2.3" >&2\n');
    const args = ["--version", "a b", "$(id)", "*", ""];
    const { output } = await run(path, { args, version: "1.2.3" });
    expect(output).toBe("--version|a b|$(id)|*||tool v1.2.3\n");
  });

  test("runs a real binary", async () => {
    const path = join(folder, "node");
    await copyFile(process.execPath, path);
    const { output } = await run(path, { version: process.version });
    expect(output.trim()).toBe(process.version);
  });

  test("hands over nothing of its own environment, and leaves no file behind", async () => {
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith("tideline-exec-"));
    process.env.TIDELINE_EXEC_SECRET = "x";
    const path = await program("#!/bin/sh\nenv; pwd; touch here $HOME/there $TMPDIR/too\n");
    const { output } = await run(path);
    delete process.env.TIDELINE_EXEC_SECRET;
    const names = output.split("\n").map((line) => line.split("=")[0] as string);
    const own = ["PWD", "OLDPWD", "SHLVL", "_"];
    expect(names.filter((name) => /^[A-Z_]+$/.test(name) && !own.includes(name)).sort()).toEqual([
      "HOME",
      "LANG",
      "PATH",
      "TMPDIR",
      "TZ",
    ]);
    const after = (await readdir(tmpdir())).filter((name) => name.startsWith("tideline-exec-"));
    // Other tests run their own beside it.
    expect(after.filter((name) => !before.includes(name) && output.includes(name))).toEqual([]);
  });

  test("waits for a file that another process is about to close", async () => {
    const path = await program("#!/bin/sh\necho 1.0.0\n");
    const descriptor = openSync(path, "r+");
    setTimeout(() => closeSync(descriptor), 100);
    expect((await run(path)).output).toBe("1.0.0\n");
  });

  test("reads at most 64 KiB, and a program that writes more still ends", async () => {
    const path = await program("#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x; echo 1.0\n");
    const { output } = await run(path);
    expect(output.length).toBe(64 * 1024);
  });

  test("ends with the program, though a child in another session holds its output open", async () => {
    const path = await program("#!/bin/sh\nsetsid sleep 60 & echo $!; echo 1.0.0\n");
    const { output } = await run(path, { version: "1.0.0", graceMs: 50 });
    const [pid] = output.split("\n");
    process.kill(Number(pid), "SIGKILL");
  });

  test("ends the process and gives the signal's reason when it is aborted", async () => {
    const controller = new AbortController();
    const marker = join(folder, "started");
    const watcher = watch(folder);
    onTestFinished(() => watcher.close());
    const hasStarted = new Promise<void>((resolve) => {
      watcher.on("change", (_, name) => name === "started" && resolve());
    });
    const path = await program(
      `#!/bin/sh\necho $$ > ${marker}.tmp; mv ${marker}.tmp ${marker}; exec sleep 60\n`,
    );
    const running = run(path, { signal: controller.signal });
    await hasStarted;
    const pid = await readFile(marker, "utf8");
    controller.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    expect(await isRunning(Number(pid))).toBe(false);
  });
});

describe("row 15: what does not run here is refused before anything live changes:", () => {
  const refusedAs = (reason: string, message: RegExp | string) => ({
    reason,
    message: expect.stringMatching(message),
  });

  test("a binary for another processor", async () => {
    const bytes = await readFile("/bin/true");
    bytes.writeUInt16LE(process.arch === "arm64" ? 62 : 183, 18);
    await expect(run(await program(bytes))).rejects.toMatchObject(
      refusedAs("EXEC_FAILED", /expected an ELF program for \w+, got one for machine \d+/),
    );
  });

  test("a binary whose loader is missing", async () => {
    const bytes = await readFile("/bin/true");
    const loader = Buffer.from("/ld-");
    const at = bytes.indexOf(loader);
    expect(at).toBeGreaterThan(0);
    bytes.write("/no-", at);
    await expect(run(await program(bytes))).rejects.toMatchObject(
      refusedAs("EXEC_FAILED", /its loader.* is missing here/),
    );
  });

  test("a script whose interpreter is missing", async () => {
    await expect(run(await program("#!/no/such/interpreter\n"))).rejects.toMatchObject(
      refusedAs("EXEC_FAILED", /the interpreter in its first line, is missing here/),
    );
  });

  test("a text that only a shell would run, and no shell runs it", async () => {
    const witness = join(folder, "witness");
    const path = await program(`touch ${witness}\n`);
    await expect(run(path)).rejects.toMatchObject(
      refusedAs("EXEC_FAILED", "expected an ELF program"),
    );
    await expect(readFile(witness)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("a library, an empty file, half a header", async () => {
    const bytes = await readFile("/bin/true");
    const noProgram = Buffer.from(bytes);
    noProgram.writeUInt16LE(1, 16);
    for (const content of [noProgram, "", bytes.subarray(0, 40)]) {
      await expect(run(await program(content))).rejects.toMatchObject({ reason: "EXEC_FAILED" });
    }
  });

  test("a file on a file system that is mounted noexec", async (context) => {
    const folderOfMount = join(folder, "noexec");
    const mount = await mountTmpfs(folderOfMount, "noexec,size=64k", "row 15, a noexec mount");
    if (mount === null) return context.skip();
    onTestFinished(() => mount.unmount());
    const path = join(folderOfMount, "program");
    await writeFile(path, "#!/bin/sh\necho 1.0\n");
    await chmod(path, 0o755);
    await expect(run(path)).rejects.toMatchObject(refusedAs("EXEC_FAILED", /mounted noexec/));
  });

  test("a program that ends with an error, or by a signal", async () => {
    await expect(run(await program("#!/bin/sh\necho oh no >&2; exit 3\n"))).rejects.toMatchObject(
      refusedAs("EXEC_FAILED", /expected exit code 0, got "3"; it said "oh no\\n"/),
    );
    await expect(run(await program("#!/bin/sh\nkill -ILL $$\n"))).rejects.toMatchObject(
      refusedAs("EXEC_FAILED", /got "SIGILL"/),
    );
  });

  test("a program that names another version", async () => {
    const path = await program("#!/bin/sh\necho nats-server: v2.10.24\n");
    await expect(run(path, { version: "2.10.25" })).rejects.toMatchObject(
      refusedAs("EXEC_WRONG_VERSION", /expected "--version" to name "2.10.25", got "nats-server/),
    );
    await expect(run(path, { version: "2.10.2" })).rejects.toMatchObject({
      reason: "EXEC_WRONG_VERSION",
    });
  });

  test("a program that hangs and ignores SIGTERM; its children end with it", async () => {
    const path = await program(
      "#!/bin/sh\ntrap '' TERM\necho $$\nsleep 60 & echo $!\nwhile :; do sleep 60; done\n",
    );
    const error = await run(path, { timeoutMs: 300, graceMs: 100 }).catch((error) => error);
    expect(error).toMatchObject(refusedAs("EXEC_TIMED_OUT", /expected an end within 300 ms/));
    const pids = [...error.message.matchAll(/(\d+)\\n/g)].map((match) => Number(match[1]));
    expect(pids.length).toBe(2);
    for (const pid of pids) expect(await isRunning(pid)).toBe(false);
  });
});

describe("execFormatProblem()", () => {
  const mach = Buffer.from("cffaedfe07000001", "hex");
  test.each([
    ["win32", "MZ\x90\0", null],
    ["win32", "#!/bin/sh", "a program of Windows"],
    ["darwin", mach, null],
    ["darwin", "\x7fELF", "a Mach-O program"],
    ["linux", mach, "an ELF program"],
    ["linux", "#!/bin/sh\n", null],
  ])("on %s, %j", (platform, head, problem) => {
    const found = execFormatProblem(Buffer.from(head as string, "latin1"), {
      platform,
      arch: "x64",
      order: "LE",
    });
    if (problem === null) expect(found).toBeNull();
    else expect(found).toContain(`expected ${problem}, got a file that begins with`);
  });
});

describe("saysVersion()", () => {
  test.each([
    ["nats-server: v2.10.24", "2.10.24", true],
    ["nats-server: v2.10.24", "v2.10.24", true],
    ["2.10.24\n", "v2.10.24", true],
    ["nats-server: v2.10.24", "2.10.2", false],
    ["nats-server: v2.10.24", "10.24", false],
    ["nats-server: v2.10.24-rc.1", "2.10.24", false],
    ["nats-server: v2.10.24.1", "2.10.24", false],
    ["tool 2.10.24. Copyright", "2.10.24", true],
    ["tool-2.10.24, built with go1.26", "2.10.24", true],
    ["tool 2.10.24+build5", "2.10.24", true],
    ["tool 2x10x24", "2.10.24", false],
    ["arc 1.0.0-rc.1 (linux)", "1.0.0-rc.1", true],
    ["commit abc1234", "abc1234", true],
    ["commit abc12345", "abc1234", false],
    ["", "1.0.0", false],
  ])("%j names %s: %s", (output, version, expected) => {
    expect(saysVersion(output, version)).toBe(expected);
  });

  test("finds any printable version between spaces, whatever signs it has", () => {
    const version = fc.stringMatching(/^[0-9A-Za-z][!-~]{0,40}$/);
    fc.assert(fc.property(version, (text) => saysVersion(`tool ${text} (linux)`, text)));
  });
});
