import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPlaceholder, labelBuildId, parseBuildId, parseStamp } from "./parse-stamp.js";

const FULL = {
  appName: "web",
  environment: "production",
  buildId: "b1",
  version: "1.2.3",
  gitCommit: "0123456789abcdef0123456789abcdef01234567",
  gitBranch: "main",
  gitDirty: true,
  gitTag: "v1.2.3",
  buildNumber: 7,
  buildTime: 1_700_000_000_000,
  commitTime: 1_699_999_999_000,
};
const EMPTY = {
  appName: "",
  environment: null,
  version: "unknown",
  gitCommit: null,
  gitBranch: null,
  gitDirty: false,
  gitTag: null,
  buildNumber: 0,
  buildTime: 0,
  commitTime: null,
};

describe("parseStamp()", () => {
  test("gives a stamp back as it is, from an object or its text", () => {
    expect(parseStamp(FULL)).toEqual(FULL);
    expect(parseStamp(JSON.stringify(FULL))).toEqual(FULL);
  });

  test("takes the keys of other tools for nothing", () => {
    expect(parseStamp({ ...FULL, build_number: 9, version_info: {} })).toEqual(FULL);
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["a number", 5],
    ["empty text", ""],
    ["text that is no JSON", "<!doctype html>"],
    ["JSON that is no object", "5"],
    ["an empty object", {}],
    ["an array", []],
    ["an unreplaced build id", { ...FULL, buildId: "__TIDELINE_BUILD_ID__" }],
    ["a build id of 300 characters", { ...FULL, buildId: "b".repeat(300) }],
    ["a build id with white space", { ...FULL, buildId: "b 1" }],
    ["the label of another version", { ...FULL, buildId: "label:1 2", version: "1 3" }],
    ["build id dev", { ...FULL, buildId: "dev" }],
    ["no build id and version dev", { ...FULL, buildId: undefined, version: "dev" }],
    ["no build id and no version", { ...FULL, buildId: undefined, version: undefined }],
  ])("is null for %s", (_, json) => {
    expect(parseStamp(json)).toBeNull();
  });

  test("names a build by its version where it has no id", () => {
    expect(parseStamp({ version: "1.2.3" })).toEqual({
      ...EMPTY,
      version: "1.2.3",
      buildId: "label:1.2.3",
    });
  });

  test("takes the label of its version as it is", () => {
    const labelled = { ...FULL, version: "release 7", buildId: "label:release 7" };
    expect(parseStamp(labelled)).toEqual(labelled);
  });

  test.each<[string, Record<string, unknown>]>([
    ["missing fields", {}],
    ["fields of the wrong type", { version: 1, gitCommit: 5, gitDirty: "yes", buildNumber: "7" }],
    ["numbers that are none", { buildNumber: Number.NaN, buildTime: Number.POSITIVE_INFINITY }],
    ["empty texts", { environment: "", gitTag: "", gitBranch: "" }],
  ])("has neutral values for %s", (_, fields) => {
    expect(parseStamp({ buildId: "b1", ...fields })).toEqual({ ...EMPTY, buildId: "b1" });
  });

  test("never throws, whatever a page carries", () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.json(), fc.string()), (json) => {
        const stamp = parseStamp(json);
        expect(stamp === null || !isPlaceholder(stamp.buildId)).toBe(true);
      }),
    );
  });
});

describe("isPlaceholder()", () => {
  test.each([
    "",
    "   ",
    "dev",
    "Dev",
    "unknown",
    "undefined",
    "null",
    "0000000",
    "__TIDELINE_BUILD_ID__",
    "__APP_VERSION__",
    "%VITE_VERSION%",
    ["$", "{VERSION}"].join(""),
    "{{ version }}",
    "<version>",
    "$VERSION",
    " dev\n",
    "label:dev",
    "label:",
  ])("is true for %j", (name) => {
    expect(isPlaceholder(name)).toBe(true);
  });

  test.each(["1.0.0", "develop", "dev-1", "v2", "label:dev1", "a1b2c3", "0", "__x", "$5", "100%"])(
    "is false for %j",
    (name) => {
      expect(isPlaceholder(name)).toBe(false);
    },
  );
});

describe("build ids", () => {
  test("labelBuildId() names a version and refuses a placeholder", () => {
    expect(labelBuildId(" 1.2.3 ")).toBe("label:1.2.3");
    expect(() => labelBuildId("dev")).toThrow(
      'Cannot derive a build id: expected a version name, got "dev"',
    );
  });

  test("parseBuildId() takes 128 characters", () => {
    expect(parseBuildId("b".repeat(128))).toBe("b".repeat(128));
  });

  test.each(["", "dev", "a b", "a\nb", "b".repeat(129)])("parseBuildId() refuses %j", (text) => {
    expect(() => parseBuildId(text)).toThrow(TypeError);
  });

  test("labelBuildId() gives a build id that parseBuildId() takes, for names without white space", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9]+)?$/), (version) => {
        fc.pre(version.length <= 100);
        expect(parseBuildId(labelBuildId(version))).toBe(`label:${version}`);
      }),
    );
  });
});
