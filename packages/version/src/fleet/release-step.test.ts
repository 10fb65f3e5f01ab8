import { expect, test } from "vitest";
import type { UpdateClass } from "./release-manifest.js";
import { releaseStep } from "./release-step.js";

const OID = "3f2a9c4d5e6f3f2a9c4d5e6f3f2a9c4d5e6f3f2a";
const upstream = { url: "https://git.example/arc", tag: null, oid: OID };

test.each<[string, string | null, string, UpdateClass, UpdateClass | null]>([
  ["the first release", null, "2.0.0", "minor", "minor"],
  ["versions further apart than was signed", "1.4.0", "2.0.0", "patch", "major"],
  ["versions nearer than was signed", "1.4.0", "1.4.1", "major", "major"],
  ["a version after something that is none", "nightly", "1.4.1", "patch", null],
  ["something that is no version", "1.4.0", "nightly", "patch", null],
  ["a commit after a commit", "aaaaaaaaaaaa", OID.slice(0, 12), "minor", "minor"],
  ["a commit after a version", "1.4.0", OID.slice(0, 12), "minor", "minor"],
  ["another commit's digits", "1.4.0", "bbbbbbbbbbbb", "minor", null],
  ["too few digits of its commit", "1.4.0", OID.slice(0, 7), "minor", null],
])("the step of %s", (_, from, version, signed, step) => {
  expect(releaseStep(from, { version, updateClass: signed, upstream })).toBe(step);
});

test("without an upstream no version is a commit's", () => {
  const manifest = { version: OID.slice(0, 12), updateClass: "minor", upstream: null } as const;
  expect(releaseStep("1.4.0", manifest)).toBeNull();
});
