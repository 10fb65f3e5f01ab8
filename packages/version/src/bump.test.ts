import { describe, expect, test } from "vitest";
import { type BumpLevel, bumpVersion, compareVersions } from "./bump.js";

describe("bumpVersion()", () => {
  test.each([
    ["4.20.5", "patch", "4.20.6"],
    ["4.20.5", "minor", "4.21.0"],
    ["4.20.5", "major", "5.0.0"],
    ["0.0.0", "patch", "0.0.1"],
    ["4.20.9", "patch", "4.20.10"],
    ["4.20.5-rc.1", "patch", "4.20.5"],
    ["4.21.0-rc.1", "minor", "4.21.0"],
    ["4.20.5-rc.1", "minor", "4.21.0"],
    ["5.0.0-rc.1", "major", "5.0.0"],
    ["4.20.5-rc.1", "major", "5.0.0"],
    ["4.20.5+build.7", "patch", "4.20.6"],
    ["4.20.5-rc.1+build.7", "patch", "4.20.5"],
  ] as const)("%s by %s is %s", (version, level, next) => {
    expect(bumpVersion(version, level)).toBe(next);
  });

  test.each([
    "",
    "1",
    "1.2",
    "1.2.3.4",
    "v1.2.3",
    "=1.2.3",
    " 1.2.3",
    "1.2.3\n",
    "01.2.3",
    "1.2.x",
    "latest",
    "-1.2.3",
    "9007199254740992.0.0",
    "1.2.3-",
  ])("refuses %j and says what a version looks like", (version) => {
    expect(() => bumpVersion(version, "patch")).toThrow(
      new RangeError(
        `Cannot bump "${version}": expected a semantic version such as "1.2.3", got "${version}"`,
      ),
    );
  });

  test("refuses a number that has no successor", () => {
    expect(() => bumpVersion("1.2.9007199254740991", "patch")).toThrow(RangeError);
    expect(bumpVersion("1.2.9007199254740991", "minor")).toBe("1.3.0");
  });

  test("refuses a level that is none", () => {
    expect(() => bumpVersion("1.2.3", "prerelease" as BumpLevel)).toThrow(
      new RangeError('Cannot bump "1.2.3": expected one of patch, minor, major, got "prerelease"'),
    );
  });
});

describe("compareVersions()", () => {
  test("orders by number, not by letter, and a prerelease before its release", () => {
    const ordered = [
      "4.20.9",
      "4.20.10-alpha",
      "4.20.10-rc.2",
      "4.20.10-rc.10",
      "4.20.10",
      "5.0.0",
    ];
    expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
  });

  test("build metadata makes no difference", () => {
    expect(compareVersions("1.0.0+a", "1.0.0+b")).toBe(0);
  });

  test("refuses what is no version, on either side", () => {
    expect(() => compareVersions("1.0.0", "latest")).toThrow(RangeError);
    expect(() => compareVersions("v1.0.0", "1.0.0")).toThrow(RangeError);
  });
});
