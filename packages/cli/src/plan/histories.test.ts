/**
 * Random histories of commits, runs that fail and runs that succeed, against the real ledger: a
 * plan compares with what is live, so nothing that did not arrive is ever forgotten.
 */
import { createHash } from "node:crypto";
import type { InputTree } from "@tideline/stamp";
import { LEDGER_TOKEN, LedgerRig } from "@tideline/testing/ledger-rig";
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TidelineConfig } from "../config/config.js";
import { parseConfig } from "../config/parse-config.js";
import { findDeployedInputs } from "../ledger/query-ledger.js";
import { makePlan, type Plan } from "./plan.js";
import { fingerprintTree } from "./service-inputs.js";

const HISTORIES = 200;
const STEPS = 8;
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

/** What is in a repository: each file's text by its path. */
type Files = Readonly<Record<string, string>>;
/** What each service is made from, said once more in another way than the configuration's. */
const MADE_FROM: Readonly<Record<string, readonly string[]>> = {
  web: ["web/a", "base/a"],
  api: ["api/a", "api/Dockerfile", "base/a"],
  jobs: ["jobs/a", "api/a", "api/Dockerfile", "base/a"],
};
const PATHS = ["web/a", "api/a", "api/Dockerfile", "jobs/a", "base/a", "README.md"];
const START: Files = Object.fromEntries(PATHS.map((path) => [path, "0"]));

const configOf = async (history: string): Promise<TidelineConfig> => {
  const parsed = await parseConfig(
    JSON.stringify({
      registry: "ghcr.io/acme",
      shared: { base: ["base"] },
      services: {
        web: { appName: `web-${history}`, paths: ["web"], dependsOn: ["base"] },
        api: {
          ...{ appName: `api-${history}`, paths: ["api/a"], dependsOn: ["base"] },
          ...{ image: "api", dockerfile: "api/Dockerfile" },
        },
        jobs: { appName: `jobs-${history}`, paths: ["jobs"], dependsOn: ["api"] },
      },
    }),
    "/repository/tideline.config.json",
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
};

const sha = (text: string, form: "sha1" | "sha256" = "sha1") =>
  createHash(form).update(text).digest("hex");
const treeOf = (files: Files, commit: string): InputTree => {
  const paths = Object.keys(files).sort();
  return {
    ...{ kind: "commit", commit, prefix: "", paths, isRepository: () => false },
    listingOf: async (indexes) =>
      indexes
        .map((index) => paths[index] ?? "")
        .map((path) => `100644 blob ${sha(files[path] ?? "")}\t${path}\0`)
        .join(""),
  };
};
/** All that a service is made from, as one text. */
const contentOf = (service: string, files: Files) =>
  (MADE_FROM[service] ?? []).map((path) => files[path]).join();

/** One repository and what its environment really serves, by the service's content. */
class History {
  files: Files = START;
  readonly served = new Map<string, string>();
  readonly servedBefore = new Map<string, Set<string>>();
  commits = 0;

  constructor(
    readonly name: string,
    readonly config: TidelineConfig,
  ) {}

  static async begin(name: string): Promise<History> {
    return new History(name, await configOf(name));
  }

  commit(changed: Files): void {
    this.files = { ...this.files, ...changed };
    this.commits += 1;
  }

  async plan(): Promise<Plan> {
    const { config, files } = this;
    const commit = sha(`${this.name} ${this.commits}`);
    const inputsIds = await fingerprintTree(config, treeOf(files, commit), {});
    const names = [...config.services.keys()];
    const asked = [...config.services.values()].map(({ name, appName }) => ({
      appName,
      inputsId: inputsIds.get(name) ?? "",
    }));
    const found = await findDeployedInputs(
      "staging",
      asked,
      { env: { TIDELINE_RECORD_TOKEN: LEDGER_TOKEN }, cwd: ledger.folder },
      { doing: "plan", url: ledger.url, timeoutMs: 60_000, log: () => {} },
    );
    return makePlan({
      ...{ config, environment: "staging", commit, inputsIds },
      version: { kind: "file", text: `1.0.${this.commits}` },
      deployed: new Map(found.map((answer, index) => [names[index] ?? "", answer])),
    });
  }

  /** Deploys what a plan says; of the services that fail nothing is served and nothing recorded. */
  async run(plan: Plan, isFailing: (service: string) => boolean): Promise<void> {
    for (const entry of plan.entries) {
      const { service, appName, action, inputsId, image } = entry;
      if (action === "skip" || isFailing(service)) continue;
      const content = contentOf(service, this.files);
      const digest = entry.digest ?? `sha256:${sha(content, "sha256")}`;
      const answer: unknown = await client.mutation(
        "deployments:recordDeployment" as never,
        {
          ...{ appName, environment: "staging", version: entry.next, gitCommit: plan.commit },
          ...{ buildNumber: 1, buildTime: 1, buildId: inputsId, inputsId, token: LEDGER_TOKEN },
          ...(image !== null && { imageDigest: digest }),
        } as never,
        { skipQueue: true },
      );
      expect(answer).toMatchObject({ ok: true });
      this.served.set(service, content);
      const before = this.servedBefore.get(service) ?? new Set();
      this.servedBefore.set(service, before.add(content));
    }
  }

  /** What a plan must say, by what is really served. */
  expected(): Readonly<Record<string, "current" | "restore" | "build">> {
    return Object.fromEntries(
      Object.keys(MADE_FROM).map((service) => {
        const content = contentOf(service, this.files);
        if (this.served.get(service) === content) return [service, "current"];
        return [service, this.servedBefore.get(service)?.has(content) ? "restore" : "build"];
      }),
    );
  }
}

const said = ({ entries }: Plan) =>
  Object.fromEntries(
    entries.map(({ service, action }) => [
      service,
      action === "skip" || action === "reuse" ? "current" : action,
    ]),
  );

test("a service whose run failed is built by the next plan, whatever changed since", async () => {
  const history = await History.begin("failed-run");
  await history.run(await history.plan(), () => false);
  history.commit({ "api/a": "1" });
  const broken = await history.plan();
  expect(said(broken)).toEqual({ web: "current", api: "build", jobs: "build" });
  await history.run(broken, () => true);
  history.commit({ "web/a": "1" });
  expect(said(await history.plan())).toEqual({ web: "build", api: "build", jobs: "build" });
});

test(`in ${HISTORIES} random histories every plan is what is served against what is here`, async () => {
  let [forgotten, kept, restored] = [0, 0, 0];
  const play = async (seed: number) => {
    const random = randomOf(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const history = await History.begin(`seed-${seed}`);
    const states: Files[] = [START];
    for (let step = 0; step < STEPS; step++) {
      // A revert goes back to any state before; else one or two files change.
      if (random() < 0.3) history.commit(pick(states));
      else
        for (let n = 0; n <= random() * 2; n++)
          history.commit({ [pick(PATHS)]: String(Math.floor(random() * 4)) });
      states.push(history.files);
      const expected = history.expected();
      const plan = await history.plan();
      expect([`TIDELINE_SEED=${seed}, step ${step}`, said(plan)]).toEqual([
        `TIDELINE_SEED=${seed}, step ${step}`,
        expected,
      ]);
      for (const { service, action, digest, image } of plan.entries) {
        if (action !== "restore" || image === null) continue;
        // The image that is restored is the one of these very files.
        expect(digest).toBe(`sha256:${sha(contentOf(service, history.files), "sha256")}`);
        restored += 1;
      }
      const isWhole = random() < 0.2;
      await history.run(plan, () => !isWhole && random() < 0.5);
      const left = Object.values(history.expected()).filter((state) => state !== "current").length;
      if (left > 0) kept += left;
    }
    // A run in which nothing fails brings everything, however much had failed before.
    await history.run(await history.plan(), () => false);
    const last = said(await history.plan());
    forgotten += Object.keys(MADE_FROM).filter(
      (service) => history.served.get(service) !== contentOf(service, history.files),
    ).length;
    expect([seed, last]).toEqual([seed, { web: "current", api: "current", jobs: "current" }]);
  };
  const seeds = Array.from({ length: HISTORIES }, (_, index) => FIRST_SEED + index);
  // Side by side, so that their records share flushes to the disk.
  for (let start = 0; start < seeds.length; start += 25) {
    await Promise.all(seeds.slice(start, start + 25).map(play));
  }
  expect(forgotten).toBe(0);
  // The histories hold what they are for: services left behind by failed runs, and reverts.
  expect(kept).toBeGreaterThan(HISTORIES);
  expect(restored).toBeGreaterThan(HISTORIES / 10);
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
