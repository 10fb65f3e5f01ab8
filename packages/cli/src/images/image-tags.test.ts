import { describe, expect, it } from "vitest";
import { imageTags } from "./image-tags.js";

const commit = "b61da9d3c0ffee00112233445566778899aabbcc";

describe("imageTags()", () => {
  it.each([
    ["", ["4.20.5", "sha-b61da9d3c0ff"], "latest"],
    ["-api", ["4.20.5-api", "sha-b61da9d3c0ff-api"], "latest-api"],
  ])('names version and commit with the suffix "%s"', (tagSuffix, immutable, moving) => {
    expect(imageTags({ version: "4.20.5", commit, tagSuffix })).toEqual({ immutable, moving });
  });

  it("gives no tag of a commit where there is none", () => {
    const { immutable } = imageTags({ version: "20261121-101500", commit: null, tagSuffix: "" });
    expect(immutable).toEqual(["20261121-101500"]);
  });

  it("writes the + of a version as _", () => {
    const { immutable } = imageTags({ version: "1.2.3+build.7", commit: null, tagSuffix: "-db" });
    expect(immutable).toEqual(["1.2.3_build.7-db"]);
  });

  it.each([
    ["a/b", ""],
    [".5", ""],
    ["1.0 beta", ""],
    ["", ""],
    ["1.0", "-ä"],
    ["1", "x".repeat(128)],
  ])('refuses what no registry takes: "%s" with "%s"', (version, tagSuffix) => {
    expect(() => imageTags({ version, commit: null, tagSuffix })).toThrow(/^Cannot tag an image/);
  });
});
