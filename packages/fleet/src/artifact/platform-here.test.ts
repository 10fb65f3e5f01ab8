import { execFileSync } from "node:child_process";
import { platformKey } from "@tideline/version/fleet";
import { describe, expect, test } from "vitest";
import { platformHere } from "./platform-here.js";
import { requireFreeSpace } from "./require-free-space.js";

const reportWith = (header: object) => ({ getReport: () => ({ header }), excludeNetwork: false });

describe("platformHere()", () => {
  test.each([
    ["linux", "x64", { glibcVersionRuntime: "2.36" }, "linux-x64-glibc"],
    ["linux", "arm64", {}, "linux-arm64-musl"],
    ["darwin", "arm64", {}, "darwin-arm64"],
    ["win32", "x64", {}, "windows-x64"],
  ])("%s, %s, %j is %s", (platform, arch, header, key) => {
    const report = reportWith(header);
    expect(platformKey(platformHere({ platform, arch, report }))).toBe(key);
    expect(report.excludeNetwork).toBe(false);
  });

  test("a system that no manifest can name is refused", () => {
    expect(() => platformHere({ platform: "aix", arch: "ppc64" })).toThrow(
      expect.objectContaining({ reason: "NO_ARTIFACT" }),
    );
    expect(() => platformHere({ platform: "linux", arch: "mips" })).toThrow(/got "linux-mips"/);
  });

  test.runIf(process.platform === "linux")(
    "this machine's C library is the one that ldd names",
    () => {
      // musl's ldd says so on standard error and exits 1.
      const said = execFileSync("sh", ["-c", "ldd --version 2>&1 || true"], { encoding: "utf8" });
      expect(platformHere().libc).toBe(/musl/i.test(said) ? "musl" : "glibc");
    },
  );
});

describe("requireFreeSpace()", () => {
  const request = { folder: "/srv", size: 100, previousSize: 50 };

  test("wants twice the size and the one before, to the byte", async () => {
    await requireFreeSpace({ ...request, freeBytes: async () => 250 });
    await expect(
      requireFreeSpace({ ...request, freeBytes: async () => 249 }),
    ).rejects.toMatchObject({
      reason: "DISK_FULL",
      message:
        'Cannot update in "/srv": expected 250 free bytes (twice the 100 of the new binary, and 50 of the live one, which is kept), got "249"',
    });
  });

  test("asks the file system of the nearest folder that exists", async () => {
    const folder = "/no/such/folder";
    await requireFreeSpace({ folder, size: 1, previousSize: 0 });
    const huge = requireFreeSpace({ folder, size: 2 ** 52, previousSize: 0 });
    await expect(huge).rejects.toMatchObject({ reason: "DISK_FULL" });
  });
});
