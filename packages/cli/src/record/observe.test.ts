import type { BuildId, BuildStamp } from "@tideline/version";
import { describe, expect, test } from "vitest";
import type { Clock } from "./clock.js";
import { describeObservation, observe, startObservation } from "./observe.js";
import type { Sight } from "./published-stamp.js";
import { isServed, type WantedBuild, wantedBuild } from "./wanted-build.js";
import { watchProbes } from "./watch-probes.js";

const stampOf = (buildId: string, extra: Partial<BuildStamp> = {}): BuildStamp => ({
  appName: "web",
  environment: "staging",
  buildId: buildId as BuildId,
  version: `v-${buildId}`,
  gitCommit: null,
  gitBranch: null,
  gitDirty: false,
  gitTag: null,
  buildNumber: 0,
  buildTime: 0,
  commitTime: null,
  ...extra,
});
const sight = (buildId: string): Sight =>
  buildId === "-"
    ? { stamp: null, problem: "host says nothing" }
    : { stamp: stampOf(buildId), problem: null };
const wantedOf = (buildId: string): WantedBuild => ({
  ...{ buildId, version: `v-${buildId}`, gitCommit: null },
});

describe("three in a row settle it", () => {
  // A letter is what an address serves, "-" that it serves nothing; a word is one round.
  test.each<[rounds: string, wanted: string | null, state: string]>([
    ["a a a", "a", "settled"],
    ["a a", "a", "looking"],
    ["b b b", "a", "looking"],
    ["b b b", null, "settled"],
    ["b a a a", "a", "settled"],
    ["a a b a a", "a", "looking"],
    ["a a - a a", "a", "looking"],
    ["a b a b a b", null, "looking"],
    ["a a b b b", null, "settled"],
    ["- - -", null, "looking"],
    ["aa aa aa", "a", "settled"],
    ["aa ab aa aa", "a", "looking"],
    ["ab ab ab", null, "looking"],
    ["ab aa aa aa", "a", "settled"],
    ["a- a- a-", "a", "looking"],
    ["bb bb bb", null, "settled"],
  ])("%s, wanted %s -> %s", (text, wanted, state) => {
    const rounds = text.split(" ");
    const rules = {
      probes: [...(rounds[0] ?? "")].map((_, index) => `http://${index}/`),
      agreeing: 3,
      wanted: wanted === null ? null : wantedOf(wanted),
    };
    const end = rounds.reduce(
      (observation, round) => observe(observation, [...round].map(sight)),
      startObservation(rules),
    );
    expect(end.state).toBe(state);
    expect(end.rounds).toBe(rounds.length);
  });
});

test("a look that shows nothing at the end is said, and how many answers were which", () => {
  const rules = { probes: ["http://x/"], agreeing: 3, wanted: wantedOf("b") };
  const seen = ["a", "b", "a", "-", "a"].reduce(
    (observation, build) => observe(observation, [sight(build)]),
    startObservation(rules),
  );
  expect(describeObservation(seen)).toBe(
    "http://x/ gave 3 of 5 answers v-a (a), 1 of 5 answers v-b (b), 1 no build (at first)",
  );
});

test("an address that never answered is said with its reason", () => {
  const rules = { probes: ["http://x/"], agreeing: 3, wanted: null };
  const seen = observe(observe(startObservation(rules), [sight("-")]), [sight("-")]);
  expect(describeObservation(seen)).toBe("host says nothing (2 times)");
});

describe("what counts as the wanted build", () => {
  const wanted: WantedBuild = { buildId: "b1", version: "1.2", gitCommit: "ab".repeat(20) };
  test.each<[title: string, served: BuildStamp, is: boolean]>([
    ["the same build id", stampOf("b1"), true],
    ["another build id of the same version", stampOf("b2", { version: "1.2" }), false],
    [
      "its version alone, where nothing else is known",
      stampOf("label:1.2", { version: "1.2" }),
      true,
    ],
    ["another version alone", stampOf("label:1.3", { version: "1.3" }), false],
    [
      "its version and a short form of its commit",
      stampOf("label:1.2", { version: "1.2", gitCommit: "abababa" }),
      true,
    ],
    [
      "its version and another commit",
      stampOf("label:1.2", { version: "1.2", gitCommit: "cdcdcdc" }),
      false,
    ],
  ])("%s: %o", (_, served, is) => {
    expect(isServed(wanted, served)).toBe(is);
  });
});

describe("the build that a record speaks of", () => {
  const sha = "ab".repeat(20);
  test.each([
    [sha, sha],
    [sha.toUpperCase(), sha],
    [`${sha}-dirty`, `${sha}-dirty`],
    ["unknown", null],
    // A stand-in, which no address would give as a commit.
    ["3f9c0b7a12de", null],
  ])("of commit %s is compared by %s", (gitCommit, compared) => {
    const build = wantedBuild({ version: "1.2", gitCommit });
    expect(build).toEqual({ buildId: "label:1.2", version: "1.2", gitCommit: compared });
  });
});

describe("watchProbes", () => {
  /** A clock that goes on by what is slept, and by a second for each look. */
  const fakeClock = () => {
    let at = 0;
    const slept: number[] = [];
    const clock: Clock = {
      now: () => at,
      sleep: async (ms) => {
        slept.push(ms);
        at += ms;
      },
      after: () => () => {},
    };
    return { clock, slept, pass: (ms: number) => (at += ms) };
  };
  const rules = { probes: ["http://x/"], agreeing: 3, wanted: wantedOf("b") };

  test("looks with the pause between and stops when it is settled", async () => {
    const { clock, slept } = fakeClock();
    const served = ["a", "-", "b", "b", "b", "b"].map(sight);
    const end = await watchProbes(rules, {
      ...{ intervalMs: 2_000, timeoutMs: 60_000, clock },
      look: async () => served.shift() as Sight,
    });
    expect(end).toMatchObject({ state: "settled", rounds: 5 });
    expect(slept).toEqual([2_000, 2_000, 2_000, 2_000]);
  });

  test("ends when another look would come too late", async () => {
    const { clock, pass } = fakeClock();
    const end = await watchProbes(rules, {
      ...{ intervalMs: 2_000, timeoutMs: 10_000, clock },
      look: async () => {
        pass(1_000);
        return sight("a");
      },
    });
    // Looks begin at 0, 3, 6 and 9 s; the next would at 12 s.
    expect(end).toMatchObject({ state: "looking", rounds: 4 });
  });

  test("looks once, however short the time", async () => {
    const end = await watchProbes(rules, {
      ...{ intervalMs: 1, timeoutMs: 0, clock: fakeClock().clock },
      look: async () => sight("a"),
    });
    expect(end.rounds).toBe(1);
  });

  test("what a signal cut short was not seen", async () => {
    const controller = new AbortController();
    const watching = watchProbes(rules, {
      ...{ intervalMs: 1, timeoutMs: 1_000, clock: fakeClock().clock },
      signal: controller.signal,
      look: async () => {
        controller.abort();
        return { stamp: null, problem: "aborted" };
      },
    });
    await expect(watching).rejects.toMatchObject({ name: "AbortError" });
  });
});
