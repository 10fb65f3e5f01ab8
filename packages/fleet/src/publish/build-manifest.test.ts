import type { ReleaseManifest, UpdateClass } from "@tideline/version/fleet";
import { expect, test } from "vitest";
import { buildManifest } from "./build-manifest.js";

const OID = "3f2a9c4d5e6f3f2a9c4d5e6f3f2a9c4d5e6f3f2a";

function manifestOf(
  version: string,
  before: Pick<ReleaseManifest, "version"> | null,
): ReleaseManifest {
  return buildManifest(
    {
      ...{ subsystem: "arc", content: { kind: "packages", version, packages: [] }, upstream: null },
      ...{ isCritical: false, dataRollback: "safe", minSync: null, revoked: [], notes: "" },
      ...{ seq: null, isAgain: false },
    },
    {
      ...{ seq: 2, version, artifacts: {}, reverts: null, now: 0 },
      upstream: { url: "https://git.example/arc", tag: null, oid: OID },
      before: before === null ? null : ({ revoked: [], ...before } as unknown as ReleaseManifest),
    },
  );
}

test.each<[string, string, string | null, UpdateClass]>([
  ["a first release", "2.0.0", null, "minor"],
  ["a patch", "1.4.1", "1.4.0", "patch"],
  ["a major version", "2.0.0", "1.4.0", "major"],
  ["what cannot be compared", "nightly", "1.4.0", "major"],
  ["the next commit of a branch", OID.slice(0, 12), "aaaaaaaaaaaa", "minor"],
])("%s is signed as what it is", (_, version, before, step) => {
  expect(manifestOf(version, before === null ? null : { version: before }).updateClass).toBe(step);
});
