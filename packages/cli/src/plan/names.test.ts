/**
 * Random histories of changes, reverts, bumps, reverts of bumps, runs that fail anywhere, old runs
 * that are run again and releases, against the real ledger and a registry in which no tag may ever
 * change its image: every name is good for ever, and what was deployed needs nothing more.
 */
import { createHash } from "node:crypto";
import type { InputTree } from "@tideline/stamp";
import { LEDGER_TOKEN, LedgerRig } from "@tideline/testing/ledger-rig";
import { bumpVersion, compareVersions } from "@tideline/version/bump";
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CommandError } from "../command-error.js";
import type { TidelineConfig } from "../config/config.js";
import { parseConfig } from "../config/parse-config.js";
import { imageTags } from "../images/image-tags.js";
import { decideLatest } from "../images/push/decide-latest.js";
import { findDeployedInputs } from "../ledger/query-ledger.js";
import { makePlan, type Plan, type PlanEntry, type PlanFacts } from "./plan.js";
import { versionsToAsk } from "./plan-names.js";
import { fingerprintTree } from "./service-inputs.js";

const HISTORIES = 150;
const STEPS = 12;
const FIRST_SEED = Number(process.env.TIDELINE_SEED ?? 1);

let ledger: LedgerRig;
let client: ConvexHttpClient;
beforeAll(async () => {
  ledger = await LedgerRig.create();
  client = new ConvexHttpClient(ledger.url, { skipConvexDeploymentUrlCheck: true, logger: false });
});
afterAll(async () => {
  await ledger?.dispose();
});

/** Each file's text by its path; every one is the input of a service, but for the last. */
type Files = Readonly<Record<string, string>>;
const PATHS = ["web/a", "api/a", "jobs/a", "README.md"];
const START: Files = Object.fromEntries(PATHS.map((path) => [path, "0"]));

interface Commit {
  readonly id: string;
  readonly files: Files;
  /** What its version file says. */
  readonly version: string;
}

type Stage = "nothing" | "announced" | "pushed" | "recorded";

const sha = (text: string, form: "sha1" | "sha256" = "sha1") =>
  createHash(form).update(text).digest("hex");

/** A registry that keeps tags from changing. */
class Registry {
  readonly tags = new Map<string, string>();
  readonly digests = new Set<string>();
  /** Each service's `latest`, with the version that brought it there. */
  readonly latest = new Map<string, { readonly digest: string; readonly version: string }>();

  push(service: string, version: string, tags: readonly string[], digest: string): void {
    for (const tag of tags) {
      const there = this.tags.get(tag);
      if (there !== undefined && there !== digest) {
        throw new Error(`Cannot push ${service}: expected ${tag} to be absent or ${digest}`);
      }
    }
    for (const tag of tags) this.tags.set(tag, digest);
    this.digests.add(digest);
    const current = this.latest.get(service) ?? null;
    const suffix = service === "web" ? "" : `-${service}`;
    const releases = [...this.tags.keys()]
      .filter((tag) => new RegExp(`^\\d+\\.\\d+\\.\\d+${suffix}$`).test(tag))
      .map((tag) => tag.slice(0, tag.length - suffix.length));
    const highest = releases.sort(compareVersions).at(-1) ?? null;
    const facts = { version, digest, current, highest, isForced: false };
    if (!decideLatest(facts).isMoved) return;
    expect(compareVersions(version, current?.version ?? "0.0.0")).toBeGreaterThan(0);
    this.latest.set(service, { digest, version });
  }
}

/** A repository, its registry, and the runs that deploy from it as the workflows do. */
class World {
  readonly registry = new Registry();
  readonly commits: Commit[] = [];
  readonly gitTags = new Set<string>();
  readonly bumpedFor = new Map<string, string>();

  private constructor(
    readonly name: string,
    readonly config: TidelineConfig,
  ) {
    this.add(START, "1.0.0");
  }

  static async begin(name: string, webHasImage: boolean): Promise<World> {
    const parsed = await parseConfig(
      JSON.stringify({
        registry: "ghcr.io/acme",
        services: {
          web: { appName: `web-${name}`, paths: ["web"], ...(webHasImage && { image: "web" }) },
          api: { appName: `api-${name}`, paths: ["api"], image: "api" },
          jobs: { appName: `jobs-${name}`, paths: ["jobs"] },
        },
      }),
      "/repository/tideline.config.json",
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return new World(name, parsed.config);
  }

  get tip(): Commit {
    return this.commits.at(-1) as Commit;
  }

  add(files: Files, version: string): Commit {
    const commit = { id: sha(`${this.name} ${this.commits.length}`), files, version };
    this.commits.push(commit);
    return commit;
  }

  change(path: string, text: string): Commit {
    return this.add({ ...this.tip.files, [path]: text }, this.tip.version);
  }

  /** As `tideline bump patch --push --for <commit>` does. */
  bump(forCommit: string): string {
    const before = this.bumpedFor.get(forCommit);
    if (before !== undefined) return before;
    let version = bumpVersion(this.tip.version, "patch");
    while (this.gitTags.has(version)) version = bumpVersion(version, "patch");
    this.gitTags.add(version);
    this.add(this.tip.files, version);
    this.bumpedFor.set(forCommit, version);
    return version;
  }

  async plan(commit: Commit, environment: string, kind: "file" | "release"): Promise<Plan> {
    const { config } = this;
    const tree = treeOf(commit);
    const inputsIds = await fingerprintTree(config, tree, {});
    const names = [...config.services.keys()];
    const version: PlanFacts["version"] = { kind, text: commit.version };
    const found = await findDeployedInputs(
      environment,
      [...config.services.values()].map(({ name, appName }) => ({
        appName,
        inputsId: inputsIds.get(name) ?? "",
      })),
      { env: { TIDELINE_RECORD_TOKEN: LEDGER_TOKEN }, cwd: ledger.folder },
      {
        ...{ doing: "plan", url: ledger.url, timeoutMs: 60_000, log: () => {} },
        versions: versionsToAsk(version),
      },
    );
    return makePlan({
      ...{ config, environment, commit: commit.id, inputsIds, version },
      deployed: new Map(found.map((answer, index) => [names[index] ?? "", answer])),
    });
  }

  /** Deploys a commit; of each service as far as `reach` says. Gives whether all of it arrived. */
  async run(
    commit: Commit,
    plan: Plan,
    reach: (service: string) => Stage = () => "recorded",
  ): Promise<boolean> {
    const version = plan.bump ? this.bump(commit.id) : plan.version;
    let isWhole = true;
    for (const entry of plan.entries) {
      if (entry.action === "skip") continue;
      const called = entry.next === plan.version ? version : entry.next;
      const stage = await this.deploy(commit, plan, entry, called, reach(entry.service));
      isWhole &&= stage === "recorded";
    }
    return isWhole;
  }

  private async deploy(
    commit: Commit,
    { environment }: Plan,
    { action, appName, service, inputsId, image, digest: known }: PlanEntry,
    version: string,
    reach: Stage,
  ): Promise<Stage> {
    if (reach === "nothing") return reach;
    const args = {
      ...{ appName, environment, version, gitCommit: commit.id, buildId: inputsId, inputsId },
      token: LEDGER_TOKEN,
    };
    const announced = (await client.mutation(
      "deployments:announceDeployment" as never,
      { ...args, ...(image !== null && known !== null && { imageDigest: known }) } as never,
      { skipQueue: true },
    )) as { ok: boolean };
    // An old run is refused before it pushes anything.
    if (!announced.ok || reach === "announced") return "announced";
    // An image says which version and commit it is.
    const built = `sha256:${sha(`${inputsId} ${commit.id} ${version}`, "sha256")}`;
    const digest = known ?? built;
    if (image !== null) {
      if (known !== null) expect(this.registry.digests).toContain(known);
      const { tagSuffix } = this.config.services.get(service) as { tagSuffix: string };
      const from = action === "build" ? commit.id : null;
      const tags = imageTags({ version, commit: from, tagSuffix }).immutable;
      this.registry.push(service, version, tags, digest);
    }
    if (reach === "pushed") return reach;
    const answer: unknown = await client.mutation(
      "deployments:recordDeployment" as never,
      {
        ...{ ...args, buildNumber: 1, buildTime: 1 },
        ...(image !== null && { imageDigest: digest }),
      } as never,
      { skipQueue: true },
    );
    expect(answer).toMatchObject({ ok: true });
    return "recorded";
  }
}

function treeOf({ id, files }: Commit): InputTree {
  const paths = Object.keys(files).sort();
  return {
    ...{ kind: "commit", commit: id, prefix: "", paths, isRepository: () => false },
    listingOf: async (indexes) =>
      indexes
        .map((index) => paths[index] ?? "")
        .map((path) => `100644 blob ${sha(files[path] ?? "")}\t${path}\0`)
        .join(""),
  };
}

const said = ({ bump, entries }: Plan) => [
  bump,
  ...entries.map(({ service, action }) => `${service} ${action}`),
];
const NOTHING = [false, "web skip", "api skip", "jobs skip"];

test("after the revert of a change there is nothing to do, and the next change is bumped", async () => {
  const world = await World.begin("reverted", false);
  await world.run(world.tip, await world.plan(world.tip, "staging", "file"));
  const changed = world.change("api/a", "1");
  const plan = await world.plan(changed, "staging", "file");
  expect(said(plan)).toEqual([true, "web skip", "api build", "jobs skip"]);
  await world.run(changed, plan);
  const reverted = world.change("api/a", "0");
  const back = await world.plan(reverted, "staging", "file");
  expect(said(back)).toEqual([false, "web skip", "api restore", "jobs skip"]);
  expect(back.entries[1]).toMatchObject({ next: "1.0.0", tags: ["1.0.0-api"] });
  await world.run(reverted, back);

  const rest = await world.plan(reverted, "staging", "file");
  expect(said(rest)).toEqual(NOTHING);
  expect(rest.entries[1]?.reason).toBe(
    "its inputs are live, and 1.0.1 is the name of another image",
  );
  const next = world.change("api/a", "2");
  const again = await world.plan(next, "staging", "file");
  expect(said(again)).toEqual([true, "web skip", "api build", "jobs skip"]);
  expect(again.version).toBe("1.0.2");
  await world.run(next, again);

  // The bump is taken back: its version is a name of before, and nothing is tagged with it.
  const unbumped = world.add(world.tip.files, "1.0.0");
  expect(said(await world.plan(unbumped, "staging", "file"))).toEqual(NOTHING);
});

test(`in ${HISTORIES} random histories no tag changes, and what was deployed needs nothing more`, async () => {
  const counts = new Map<string, number>();
  const count = (what: string) => void counts.set(what, (counts.get(what) ?? 0) + 1);

  const play = async (seed: number) => {
    const random = randomOf(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const world = await World.begin(`seed-${seed}`, seed % 2 === 0);
    const expectNothing = async (commit: Commit, environment: string, kind: "file" | "release") =>
      expect([
        `TIDELINE_SEED=${seed}`,
        ...said(await world.plan(commit, environment, kind)),
      ]).toEqual([`TIDELINE_SEED=${seed}`, ...NOTHING]);

    for (let step = 0; step < STEPS; step++) {
      const what = random();
      if (what < 0.4) world.change(pick(PATHS), String(Math.floor(random() * 3)));
      else if (what < 0.65) world.add(pick(world.commits).files, world.tip.version);
      else if (what < 0.75) world.add(world.tip.files, pick(world.commits).version);
      else if (what < 0.85) world.bump(world.tip.id);
      else if (what < 0.93) {
        count("release");
        const commit = pick(world.commits);
        let plan: Plan;
        try {
          plan = await world.plan(commit, "production", "release");
        } catch (error) {
          expect((error as CommandError).kind).toBe("conflict");
          count("refused");
          continue;
        }
        expect(plan).toMatchObject({ bump: false, version: commit.version });
        for (const { action } of plan.entries) count(`production ${action}`);
        if (await world.run(commit, plan)) await expectNothing(commit, "production", "release");
        continue;
      }
      const commit = what < 0.93 ? world.tip : pick(world.commits);
      const isWhole = random() < 0.5;
      const reach = () =>
        isWhole ? "recorded" : pick(["nothing", "announced", "pushed", "recorded"] as const);
      const plan = await world.plan(commit, "staging", "file");
      for (const { action } of plan.entries) count(action);
      if (plan.bump) count("bump");
      if (!(await world.run(commit, plan, reach))) continue;
      count("whole");
      await expectNothing(commit, "staging", "file");
      // With the bump on top, if there was one.
      if (world.tip.files === commit.files) await expectNothing(world.tip, "staging", "file");
    }
    const rest = world.change("README.md", `${seed}`);
    await world.run(rest, await world.plan(rest, "staging", "file"));
    await expectNothing(world.tip, "staging", "file");
  };
  const seeds = Array.from({ length: HISTORIES }, (_, index) => FIRST_SEED + index);
  for (let start = 0; start < seeds.length; start += 25) {
    await Promise.all(seeds.slice(start, start + 25).map(play));
  }
  // The histories hold what they are for.
  const names = ["build", "reuse", "restore", "skip", "bump", "whole", "release", "refused"];
  for (const name of [...names, "production build", "production restore", "production reuse"]) {
    expect([name, (counts.get(name) ?? 0) > 0]).toEqual([name, true]);
  }
}, 120_000);

/** mulberry32: numbers from 0 to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
