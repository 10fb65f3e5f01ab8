/** What is decided for one service, and when there must be another version. */
import type { DeployedInputs } from "@tideline/version";
import { expect, test } from "vitest";
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
  "/work/tideline.config.json",
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

test("equal inputs are skipped, with the tags that they have", () => {
  expect(entryOf("api", { live: liveOf(), known: knownOf() })).toMatchObject({
    action: "skip",
    reason: "its inputs are live",
    current: "1.0.0",
    next: "1.0.0",
    digest: DIGEST,
    tags: ["1.0.0-api", "sha-000000000000-api"],
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
    // Of the commit that it was built from, not of this one.
    tags: ["1.0.1-api", "sha-000000000000-api", "latest-api"],
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
    tags: ["0.9.0-api", "sha-000000000000-api"],
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
  expect(plan.entries.map(({ tags }) => tags)).toEqual([["1.0.0", "latest"], ["1.0.0-api"], []]);
});
