import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAdminKey, loadAdminKey } from "./admin-key.js";

describe("createAdminKey()", () => {
  const key = createAdminKey("name|secret");
  const identity = Buffer.from(JSON.stringify({ subject: "s" })).toString("base64");

  it.each([
    ["the key", "name|secret", { kind: "admin" }],
    ["the key with a deployment's type", "dev:name|secret", { kind: "admin" }],
    [
      "the key with a user",
      `name|secret:${identity}`,
      { kind: "admin", actingAs: { subject: "s" } },
    ],
    ["another secret", "name|secres", null],
    ["a longer secret", "name|secret1", null],
    ["nothing", "", null],
    ["another key with a user", `name|other:${identity}`, null],
    ["the key with something that is no user", "name|secret:!!", null],
    ["the key with a list", `name|secret:${Buffer.from("[]").toString("base64")}`, null],
  ])("judges %s", (_name, shown, expected) => {
    expect(key.identify(shown)).toEqual(expected);
  });
});

it.each(["", " "])("createAdminKey(%j) is refused, for everybody would have it", (text) => {
  expect(() => createAdminKey(text)).toThrow(RangeError);
});

describe("loadAdminKey()", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tideline-key-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("makes a key that only its owner may read, and keeps it", async () => {
    const made = await loadAdminKey(folder);
    expect(made.text).toMatch(/^tideline-embedded\|[0-9a-f]{64}$/);
    expect((await stat(join(folder, "admin-key"))).mode & 0o777).toBe(0o600);
    expect((await loadAdminKey(folder)).text).toBe(made.text);
    expect(await readFile(join(folder, "admin-key"), "utf8")).toBe(`${made.text}\n`);
  });

  it("closes a key file that others could read", async () => {
    await writeFile(join(folder, "admin-key"), "x|y\n");
    await chmod(join(folder, "admin-key"), 0o644);
    expect((await loadAdminKey(folder)).text).toBe("x|y");
    expect((await stat(join(folder, "admin-key"))).mode & 0o777).toBe(0o600);
  });

  it("refuses an empty key file rather than let everybody in", async () => {
    await writeFile(join(folder, "admin-key"), "\n");
    await expect(loadAdminKey(folder)).rejects.toThrow(/is empty; delete it/);
  });
});
