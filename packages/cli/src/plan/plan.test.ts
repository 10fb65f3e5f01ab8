/** What is decided for one service, and when there must be another version. */
import type { DeployedInputs, NamedBuild } from "@tideline/version";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../config/parse-config.js";
import { makePlan, type PlanFacts } from "./plan.js";

const parsed = await parseConfig(
  JSON.stringify({
    registry: "ghcr.io/acme",
    services: {
      web: { paths: ["web"], image: "web" },
      api: { paths: ["api"], image: "api" },
      site: { paths: ["site"], appName: "marketing" },
    },
  }),
  "/repository/tideline.config.json",
);
if (!parsed.ok) throw new Error("Cannot test: the configuration is wrong");
const CONFIG = parsed.config;
const HEAD = "c".repeat(40);
const OLD = "0".repeat(40);
const DIGEST = `sha256:${"a".repeat(64)}`;
const OTHER = `sha256:${"b".repeat(64)}`;

const liveOf = (parts: Partial<NonNullable<DeployedInputs["live"]>> = {}) => ({
  version: "1.0.0",
  buildId: "b1",
  gitCommit: OLD,
  gitTag: null,
  inputsId: "same",
  imageDigest: DIGEST,
  epoch: 1,
  deployedAt: 1,
  hold: null,
  ...parts,
});
const knownOf = (parts: Partial<NonNullable<DeployedInputs["known"]>> = {}) => ({
  environment: "staging",
  version: "0.9.0",
  buildId: "b0",
  gitCommit: OLD,
  imageDigest: OTHER,
  ...parts,
});

/** What a service's row in the ledger is like; nothing of it, if it is not named. */
type Rows = Readonly<Record<string, Partial<Omit<DeployedInputs, "appName">>>>;

/** A plan in which every service's inputs are "same", at version 1.0.0. */
const planOf = (rows: Rows, more: Partial<PlanFacts> = {}) =>
  makePlan({
    config: CONFIG,
    environment: "staging",
    commit: HEAD,
    version: { kind: "file", text: "1.0.0" },
    inputsIds: new Map([...CONFIG.services.keys()].map((name) => [name, "same"])),
    deployed: new Map(
      Object.entries(rows).map(([name, row]) => [
        name,
        { appName: name, live: null, known: null, ...row },
      ]),
    ),
    ...more,
  });
/** One service's entry. */
const entryOf = (service: string, row: Rows[string], more: Partial<PlanFacts> = {}) =>
  planOf({ [service]: row }, more).entries.find((entry) => entry.service === service);

const NEW = liveOf({ inputsId: "others" });

test("what was never recorded is built, at the version of the file", () => {
  const plan = planOf({});
  expect(plan).toMatchObject({
    version: "1.0.0",
    bump: false,
    commit: HEAD,
    environment: "staging",
  });
  expect(plan.entries).toEqual([
    {
      service: "web",
      appName: "web",
      current: null,
      next: "1.0.0",
      action: "build",
      reason: "nothing is recorded in staging yet",
      inputsId: "same",
      image: "ghcr.io/acme/web",
      digest: null,
      tags: ["1.0.0", "sha-cccccccccccc", "latest"],
      hold: null,
    },
    expect.objectContaining({
      service: "api",
      action: "build",
      tags: ["1.0.0-api", "sha-cccccccccccc-api", "latest-api"],
    }),
    expect.objectContaining({ service: "site", appName: "marketing", image: null, tags: [] }),
  ]);
});

test("equal inputs are skipped, and get no tag", () => {
  expect(entryOf("api", { live: liveOf(), known: knownOf() })).toMatchObject({
    action: "skip",
    reason: "its inputs are live",
    current: "1.0.0",
    next: "1.0.0",
    digest: DIGEST,
    tags: [],
  });
});

test("equal inputs without an image are skipped at any version, and keep theirs", () => {
  const version = { kind: "file", text: "2.0.0" } as const;
  expect(entryOf("site", { live: liveOf({ imageDigest: null }) }, { version })).toMatchObject({
    action: "skip",
    next: "1.0.0",
    digest: null,
    tags: [],
  });
});

test("an image with equal inputs gets the tag of another version, by its digest", () => {
  const version = { kind: "file", text: "1.0.1" } as const;
  expect(entryOf("api", { live: liveOf() }, { version })).toMatchObject({
    action: "reuse",
    reason: "its inputs are live, and its image gets the tag of 1.0.1",
    next: "1.0.1",
    digest: DIGEST,
    // It has the tag of the commit that it was built from.
    tags: ["1.0.1-api", "latest-api"],
  });
});

test("an image whose digest was not recorded is built for another version", () => {
  const version = { kind: "file", text: "1.0.1" } as const;
  expect(entryOf("api", { live: liveOf({ imageDigest: null }) }, { version })).toMatchObject({
    action: "build",
    reason: "its inputs are live, but the digest of its image was not recorded",
  });
});

test("inputs that were live before are restored under their own version, and latest stays", () => {
  expect(entryOf("api", { live: NEW, known: knownOf() })).toMatchObject({
    action: "restore",
    reason: "its inputs were live before, as 0.9.0",
    current: "1.0.0",
    next: "0.9.0",
    digest: OTHER,
    tags: ["0.9.0-api"],
  });
  expect(entryOf("site", { live: NEW, known: knownOf({ imageDigest: null }) })).toMatchObject({
    action: "restore",
    digest: null,
    tags: [],
  });
});

test("what another environment had is restored here, even as the first", () => {
  const known = knownOf({ environment: "production" });
  expect(entryOf("api", { known })).toMatchObject({
    action: "restore",
    reason: "its inputs were live before in production, as 0.9.0",
    current: null,
  });
});

test("an image that was live before is built if its digest was not recorded", () => {
  expect(entryOf("api", { live: NEW, known: knownOf({ imageDigest: null }) })).toMatchObject({
    action: "build",
    reason: "its inputs differ from what is live",
  });
});

test("what was recorded without its inputs is built", () => {
  expect(entryOf("web", { live: liveOf({ inputsId: null }) })).toMatchObject({
    action: "build",
    reason: "what is live was recorded without its inputs",
  });
});

test("a hold is shown, whatever there is to do", () => {
  const hold = { reason: "Orders fail", since: 1 };
  expect(entryOf("web", { live: liveOf({ hold }) })).toMatchObject({ hold: "Orders fail" });
});

test("the version's source is built as the next version, and all images get its tag", () => {
  const plan = planOf({ web: { live: NEW }, api: { live: liveOf() }, site: { live: liveOf() } });
  expect(plan).toMatchObject({ version: "1.0.1", bump: true });
  expect(plan.entries.map(({ action, next }) => `${action} ${next}`)).toEqual([
    "build 1.0.1",
    "reuse 1.0.1",
    "skip 1.0.0",
  ]);
});

test("an image is never built under the version that is live: its tag is taken", () => {
  const plan = planOf({ web: { live: liveOf() }, api: { live: NEW }, site: { live: liveOf() } });
  expect(plan).toMatchObject({ version: "1.0.1", bump: true });
  expect(plan.entries[1]?.tags).toContain("1.0.1-api");
});

test.each<[title: string, rows: Rows]>([
  [
    "the file is ahead of what is live",
    { web: { live: liveOf({ version: "0.9.0", inputsId: "x" }) } },
  ],
  ["the source is restored", { web: { live: NEW, known: knownOf() } }],
  [
    "only what has neither image nor version of its own is built",
    { web: { live: liveOf() }, site: { live: NEW } },
  ],
])("there is no bump if %s", (_, rows) => {
  const others = { web: { live: liveOf() }, api: { live: liveOf() }, site: { live: liveOf() } };
  expect(planOf({ ...others, ...rows })).toMatchObject({ version: "1.0.0", bump: false });
});

test("without a version file builds are called by their commit, and nothing is tagged anew", () => {
  const version = { kind: "label", text: "cccccccccccc" } as const;
  const plan = planOf({ web: { live: NEW }, api: { live: liveOf() } }, { version });
  expect(plan).toMatchObject({ version: "cccccccccccc", bump: false });
  expect(plan.entries.map(({ action, next }) => `${action} ${next}`)).toEqual([
    "build cccccccccccc",
    "skip 1.0.0",
    "build cccccccccccc",
  ]);
});

test("changes that no commit holds give no tag of a commit", () => {
  const plan = planOf({ api: { live: liveOf({ gitCommit: `${OLD}-dirty` }) } }, { commit: null });
  expect(plan.entries.map(({ tags }) => tags)).toEqual([["1.0.0", "latest"], [], []]);
});

/** A name that something else had once. */
const namedOf = (parts: Partial<NamedBuild> = {}): NamedBuild => ({
  version: "1.0.1",
  environment: "staging",
  inputsId: "others",
  gitCommit: OLD,
  imageDigest: OTHER,
  ...parts,
});
const AHEAD = { version: { kind: "file", text: "1.0.1" } } as const;

describe("a name is taken for ever", () => {
  test("what is live does not get it, and there is no bump", () => {
    const plan = planOf(
      { web: { live: liveOf() }, api: { live: liveOf(), named: [namedOf()] } },
      AHEAD,
    );
    expect(plan).toMatchObject({ version: "1.0.1", bump: false });
    expect(plan.entries[1]).toMatchObject({
      action: "skip",
      reason: "its inputs are live, and 1.0.1 is the name of another image",
      next: "1.0.0",
      digest: DIGEST,
      tags: [],
    });
  });

  test("what is live gets it if it had it before", () => {
    const named = [namedOf({ inputsId: "same", imageDigest: DIGEST })];
    expect(entryOf("api", { live: liveOf(), named }, AHEAD)).toMatchObject({ action: "reuse" });
  });

  test.each<[title: string, name: Partial<NamedBuild>, bump: boolean]>([
    ["another build here", {}, true],
    ["another build elsewhere: the registry is the same", { environment: "production" }, true],
    ["one that was only announced", { imageDigest: null }, true],
    ["these inputs from another commit: an image says its commit", { inputsId: "same" }, true],
    ["these inputs from this commit", { inputsId: "same", gitCommit: HEAD }, false],
    ["another version", { version: "1.0.2" }, false],
  ])("an image is not built under the name of %s", (_, name, bump) => {
    const rows = { web: { live: liveOf() }, api: { live: NEW, named: [namedOf(name)] } };
    expect(planOf(rows, AHEAD).bump).toBe(bump);
  });

  test.each<[title: string, name: Partial<NamedBuild>, bump: boolean]>([
    ["another build here", {}, true],
    ["another build elsewhere", { environment: "production" }, false],
    ["these inputs from another commit", { inputsId: "same" }, false],
  ])("the version's source is not built under the name of %s", (_, name, bump) => {
    const named = [namedOf({ imageDigest: null, ...name })];
    const deployed = new Map([["web", { appName: "web", live: NEW, known: null, named }]]);
    const config = { ...CONFIG, registry: null };
    expect(planOf({}, { ...AHEAD, config, deployed }).bump).toBe(bump);
  });

  test("the next version is one that nothing was called", () => {
    const named = [namedOf(), namedOf({ version: "1.0.2" })];
    expect(planOf({ api: { live: NEW, named } })).toMatchObject({ version: "1.0.3", bump: true });
  });

  test("what a failed run of this commit began goes on under its name, whatever is live", () => {
    const own = namedOf({ inputsId: "same", gitCommit: HEAD, imageDigest: null });
    const live = liveOf({ version: "1.0.2", inputsId: "x" });
    expect(planOf({ api: { live, named: [own] } }, AHEAD)).toMatchObject({ bump: false });
    expect(planOf({ api: { live } }, AHEAD)).toMatchObject({ bump: true, version: "1.0.3" });
  });

  test("what is live under a later version than the file's keeps it", () => {
    const live = liveOf({ version: "1.0.2" });
    expect(entryOf("api", { live }, AHEAD)).toMatchObject({ action: "skip", next: "1.0.2" });
  });

  test("what is restored is called like the rest where that name is free", () => {
    expect(entryOf("api", { live: NEW, known: knownOf() }, AHEAD)).toMatchObject({
      action: "restore",
      next: "1.0.1",
      digest: OTHER,
      tags: ["1.0.1-api", "latest-api"],
    });
  });
});

describe("a release", () => {
  const RELEASE = {
    version: { kind: "release", text: "1.0.1" },
    environment: "production",
  } as const;

  test("is what its tag says, below what is live too", () => {
    const live = liveOf({ version: "1.0.2", inputsId: "x" });
    const plan = planOf({ web: { live }, api: { live }, site: { live } }, RELEASE);
    expect(plan).toMatchObject({ version: "1.0.1", bump: false });
    expect(plan.entries.map(({ action, next }) => `${action} ${next}`)).toEqual([
      "build 1.0.1",
      "build 1.0.1",
      "build 1.0.1",
    ]);
  });

  test("is restored under its own version, without an image too", () => {
    const known = knownOf({ version: "0.9.0", imageDigest: null });
    expect(entryOf("site", { live: NEW, known }, RELEASE)).toMatchObject({
      action: "restore",
      next: "1.0.1",
    });
  });

  test("reuses what is live under its own name, though that has a later one", () => {
    const live = liveOf({ version: "1.0.2" });
    const named = [namedOf({ inputsId: "same", imageDigest: DIGEST })];
    expect(entryOf("api", { live, named }, RELEASE)).toMatchObject({
      action: "reuse",
      next: "1.0.1",
    });
  });

  test("is refused where its version names something else", () => {
    expect(() => planOf({ api: { live: NEW, named: [namedOf()] } }, RELEASE)).toThrow(
      expect.objectContaining({
        kind: "conflict",
        message:
          "Cannot plan production as 1.0.1: expected a name that nothing else has, got the one of another build of api from 000000000000 in staging; bump the version and release that",
      }),
    );
  });
});
