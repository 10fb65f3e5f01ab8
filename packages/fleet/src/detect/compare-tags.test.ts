import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../testing/src/interleavings/random.js";
import type { RemoteAnswers } from "./ask-remotes.js";
import { compareTags } from "./compare-tags.js";
import { currentTag } from "./current-tag.js";
import { NOTHING } from "./current-version.js";
import { NO_MEMORY, type UpstreamMemory } from "./upstream-memory.js";
import { versionOfTag } from "./version-tags.js";

const NOW = 1000;
const settings = { tagPrefix: "v", prereleases: false };
const oid = (digit: string) => digit.repeat(40);

/** One remote a word, with `tag=digit` pairs; null for one that is silent. */
function answers(remotes: Readonly<Record<string, string | null>>): RemoteAnswers {
  const listings = [];
  const failures = [];
  for (const [remote, tags] of Object.entries(remotes)) {
    if (tags === null) failures.push({ remote, error: new Error("silent") });
    else {
      const refs = tags.split(" ").flatMap((pair) => {
        const [tag = "", digit = ""] = pair.split("=");
        return tag === ""
          ? []
          : [{ name: `refs/tags/${tag}`, oid: oid(digit), commit: oid(digit) }];
      });
      listings.push({ remote, refs, connection: {} });
    }
  }
  return { listings, failures } as unknown as RemoteAnswers;
}

const namesOf = (remotes: Readonly<Record<string, string | null>>, before = NO_MEMORY) =>
  compareTags(answers(remotes), settings, before, NOW).candidates.map(({ name }) => name);

const seenOf = (remotes: Readonly<Record<string, string | null>>): UpstreamMemory =>
  compareTags(answers(remotes), settings, NO_MEMORY, 1).memory;

describe("compareTags()", () => {
  it("orders by version, never by text, and leaves other families out", () => {
    const tags =
      "v1.9.0=1 v1.10.0=2 v1.10.0-rc.1=3 v2=4 desktop-v9.0.0=5 v1.2=6 vv9.9.9=7 v01.0.0=8";
    expect(namesOf({ a: tags })).toEqual(["v1.10.0", "v1.9.0"]);
  });

  it("has no age for what was there at the first look, and one for what came later", () => {
    const before = seenOf({ a: "v1.0.0=1" });
    const { candidates } = compareTags(answers({ a: "v1.0.0=1 v1.0.1=2" }), settings, before, NOW);
    expect(candidates.map(({ seenAt }) => seenAt)).toEqual([NOW, null]);
  });

  it("keeps the commit that was seen first", () => {
    const before = seenOf({ a: "v1.0.0=1" });
    const { memory } = compareTags(answers({ a: "v1.0.0=2" }), settings, before, NOW);
    expect(memory.tags["v1.0.0"]?.commit).toBe(oid("1"));
    expect(memory.alarms.map(({ reason }) => reason)).toEqual(["TAG_MOVED"]);
  });

  it("keeps an alarm of a remote that is silent now", () => {
    const seen = seenOf({ a: "v1.0.0=1", b: "v1.0.0=1" });
    const moved = compareTags(answers({ a: "v1.0.0=2", b: "v1.0.0=1" }), settings, seen, 2).memory;
    const { memory } = compareTags(answers({ a: null, b: "v1.0.0=1" }), settings, moved, 3);
    expect(memory.alarms.map(({ remote }) => remote)).toContain("a");
  });

  it("lowers the latest by no choice of which remotes answer, over 2,000 random worlds", () => {
    const seed = 4711;
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    const versions = ["v1.0.0=1", "v1.0.1=2", "v1.1.0=3", "v2.0.0=4"];
    const listing = () => versions.slice(0, random.whole(versions.length) + 1).join(" ");
    for (let run = 0; run < 2000; run += 1) {
      const [a, b] = [listing(), listing()];
      const before = seenOf({ a, b });
      const whole = namesOf({ a, b }, before)[0];
      expect(namesOf({ a: null, b }, before)[0]).toBe(whole);
      expect(namesOf({ a, b: null }, before)[0]).toBe(whole);
    }
  });
});

describe("versionOfTag()", () => {
  it.each([
    ["v1.2.3", "v", "1.2.3"],
    ["1.2.3", "", "1.2.3"],
    ["npm-v1.2.3", "npm-v", "1.2.3"],
    ["v1.2.3+build.7", "v", "1.2.3+build.7"],
    ["v1.2.3", "", null],
    ["1.2.3", "v", null],
    ["v=1.2.3", "v", null],
    ["v 1.2.3", "v", null],
    ["v1.2.3 ", "v", null],
    ["v1.2.3-", "v", null],
    ["v99999999999999999999.0.0", "v", null],
  ])("reads %s with the prefix %j as %s", (tag, prefix, version) => {
    expect(versionOfTag(tag, prefix)?.raw ?? null).toBe(version);
  });
});

describe("currentTag()", () => {
  const { tags } = seenOf({ a: "v1.0.65=1 v1.0.66=2 v1.0.67=2" });
  it.each([
    [{ version: "1.0.65" }, "v1.0.65"],
    [{ version: "v1.0.65" }, "v1.0.65"],
    [{ version: "1.0.99" }, "v1.0.99"],
    [{ commit: "1111111" }, "v1.0.65"],
    [{ commit: oid("2") }, "v1.0.67"],
    [{ version: "nightly", commit: "1111111" }, "v1.0.65"],
    [{ commit: "3333333" }, null],
    [{}, null],
  ])("gives %j the tag %s", (current, name) => {
    expect(currentTag({ ...NOTHING, ...current }, tags, "v")?.name ?? null).toBe(name);
  });
});
