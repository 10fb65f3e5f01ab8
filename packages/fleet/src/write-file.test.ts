import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { mountTmpfs } from "@tideline/testing/mount-tmpfs";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { makeFolder } from "./make-folder.js";
import { replaceFile } from "./write-file.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-write-file-"));
  path = join(folder, "state.json");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

test("the file has the new bytes and exactly the mode, and nothing lies beside it", async () => {
  const umask = process.umask(0o077);
  onTestFinished(() => void process.umask(umask));
  await replaceFile(path, "one");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await replaceFile(path, new Uint8Array([116, 119, 111]), { mode: 0o644 });
  expect((await stat(path)).mode & 0o777).toBe(0o644);
  expect(await readFile(path, "utf8")).toBe("two");
  expect(await readdir(folder)).toEqual(["state.json"]);
});

test("whoever has the old file open keeps it whole: the new one is another file", async () => {
  await replaceFile(path, "one");
  const before = await stat(path);
  await replaceFile(path, "two");
  expect((await stat(path)).ino).not.toBe(before.ino);
});

test("of many at the same time one wins, whole, and nothing lies beside it", async () => {
  const texts = Array.from({ length: 30 }, (_, index) => String(index).repeat(10_000));
  await Promise.all(texts.map((text) => replaceFile(path, text)));
  expect(texts).toContain(await readFile(path, "utf8"));
  expect(await readdir(folder)).toEqual(["state.json"]);
});

test("the first writes of a file do not take one another's for what a dead process left", async () => {
  const paths = Array.from({ length: 40 }, (_, index) => join(folder, `${index}.json`));
  await Promise.all(paths.flatMap((path) => [replaceFile(path, "a"), replaceFile(path, "b")]));
  expect((await readdir(folder)).length).toBe(paths.length);
});

test("a folder that is missing is an error, and is not made", async () => {
  await expect(replaceFile(join(folder, "no", "file"), "x")).rejects.toMatchObject({
    code: "ENOENT",
  });
  expect(await readdir(folder)).toEqual([]);
});

test("half-written files of processes that are gone are removed, others stay", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  const gone = `state.json.${child.pid}-00000000.tmp`;
  const others = [
    // Process 1 is there as long as the machine is.
    "state.json.1-00000000.tmp",
    "other.json.99999999-00000000.tmp",
    "state.json.tmp",
    `state.json.${child.pid}-000.tmp`,
  ];
  for (const name of [gone, ...others]) await writeFile(join(folder, name), "x");
  await replaceFile(path, "one");
  expect((await readdir(folder)).sort()).toEqual([...others, "state.json"].sort());
});

test("on a full disk it fails as such, and the old file is as it was", async (context) => {
  const mount = await mountTmpfs(folder, "size=64k", "a state file on a full disk");
  if (mount === null) return context.skip();
  try {
    await replaceFile(path, "old");
    await expect(replaceFile(path, Buffer.alloc(100_000))).rejects.toMatchObject({
      reason: "DISK_FULL",
      message: expect.stringContaining(`Cannot write "${path}": expected free space`),
    });
    expect(await readdir(folder)).toEqual(["state.json"]);
    await mount.remount("ro");
    await expect(replaceFile(path, "new")).rejects.toMatchObject({ reason: "FOLDER_NOT_WRITABLE" });
    await expect(makeFolder(join(folder, "a", "b"))).rejects.toMatchObject({
      reason: "FOLDER_NOT_WRITABLE",
    });
    expect(await readFile(path, "utf8")).toBe("old");
  } finally {
    await mount.unmount();
  }
});

test.skipIf(process.getuid?.() === 0)(
  "a folder without write access is named as such",
  async () => {
    await chmod(folder, 0o500);
    await expect(replaceFile(path, "new")).rejects.toMatchObject({ reason: "FOLDER_NOT_WRITABLE" });
    await chmod(folder, 0o700);
  },
);

test("a process that is killed while it writes leaves a whole file, and no other one after the next write", async () => {
  const module = fileURLToPath(new URL("write-file.ts", import.meta.url));
  const code = `
    import { replaceFile } from ${JSON.stringify(module)};
    for (let n = 0; ; n++) {
      await replaceFile(${JSON.stringify(path)}, String(n % 10).repeat(300_000));
      console.log(n);
    }`;
  const node = [
    "--conditions=convex",
    "--import",
    import.meta.resolve("tsx"),
    "--input-type=module",
  ];
  for (let kill = 0; kill < 4; kill++) {
    const child = spawn(process.execPath, [...node, "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    for await (const line of createInterface({ input: child.stdout })) {
      if (Number(line) >= 10 + 7 * kill) child.kill("SIGKILL");
    }
    await exited;
    expect(await readFile(path, "utf8")).toMatch(/^(\d)\1{299999}$/);
  }
  await replaceFile(path, "last");
  expect(await readdir(folder)).toEqual(["state.json"]);
});

test("makeFolder() makes what is missing, and leaves alone what is there", async () => {
  const inner = join(folder, "a", "b");
  await makeFolder(inner, 0o700);
  expect((await stat(inner)).mode & 0o777).toBe(0o700);
  await makeFolder(inner, 0o755);
  expect((await stat(inner)).mode & 0o777).toBe(0o700);
  await mkdir(join(inner, "c"));
  await writeFile(join(inner, "file"), "");
  await expect(makeFolder(join(inner, "file", "d"))).rejects.toMatchObject({ code: "ENOTDIR" });
});
