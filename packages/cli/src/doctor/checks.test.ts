/** Every check against a repository that it fails and one that it passes. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@tideline/embedded";
import { readGit, withStampTag } from "@tideline/stamp";
import { GIT_ENV, GitRig } from "@tideline/testing/git-rig";
import type { BuildId, BuildStamp } from "@tideline/version";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CheckResult, type Finding, stateOf } from "./check.js";
import { CHECKS } from "./checks.js";
import { type ExaminationOptions, examine } from "./examination.js";

type Files = Readonly<Record<string, string>>;

/** One check's case. */
interface Case {
  readonly check: string;
  readonly case: string;
  readonly files: Files;
  readonly env?: Readonly<Record<string, string>>;
  /** After the files are committed. */
  readonly prepare?: (rig: GitRig) => Promise<unknown>;
  readonly says?: readonly (string | RegExp)[];
  readonly where?: string | null;
}

const REPOSITORY = join(import.meta.dirname, "../../../..");

let rig: GitRig;
const undo: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  rig = await GitRig.create();
  undo.push(() => rig.dispose());
});
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

async function look(name: string, options: Partial<ExaminationOptions> = {}) {
  const check = CHECKS.find((each) => each.name === name);
  if (check === undefined) throw new Error(`There is no check "${name}"`);
  const { env, ...rest } = options;
  const examination = await examine({
    cwd: rig.folder,
    env: { PATH: process.env.PATH, ...GIT_ENV, ...env },
    signal: new AbortController().signal,
    urls: [],
    timeoutMs: 10_000,
    isNetwork: false,
    isOffline: false,
    fetch,
    ...rest,
  });
  const found = await check.look(examination);
  const result: CheckResult = { check, found };
  const findings: readonly Finding[] = found.kind === "checked" ? found.findings : [];
  return { ...result, state: stateOf(found), findings };
}

const SHA = "3d3c42e5aac5ba805825da76410c181273ba90b1";
const workflow = (job: string, top = "on: push") =>
  `${top}\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n${job}`;
const run = (command: string, more = "") => `    steps:\n      - run: ${command}\n${more}`;
const W = ".github/workflows/deploy.yml";
const CONFIG = JSON.stringify({ services: { web: { paths: ["web/**"] } } });
const FIVE_KEYS = JSON.stringify({
  version: "1.0.0",
  build_number: "202601010000",
  build_date: "2026-01-01T00:00:00Z",
  git_commit: "unknown",
  buildTimestamp: "2026-01-01 00:00:00",
});
const deployment = (spec: string) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app.kubernetes.io/version: "4.20.5"
spec:
${spec}`;
const VITE =
  'import { tideline } from "@tideline/vite-plugin";\nexport default { plugins: [tideline()] };\n';

const FAILING: readonly Case[] = [
  {
    check: "config",
    case: "a service without paths",
    files: { "tideline.config.json": '{"services":{"web":{}}}' },
    says: [/line \d+/],
  },
  {
    check: "version-file",
    case: "none, where it is configured",
    files: { "tideline.config.json": CONFIG },
    says: ["there is no version file"],
    where: "version.json",
  },
  {
    check: "version-file",
    case: "no semantic version",
    files: { "version.json": '{"version":"v1"}' },
    says: ['got "v1"'],
    where: "version.json",
  },
  {
    check: "shallow-clone",
    case: "a workflow that counts commits in a checkout of depth 1",
    files: {
      [W]: workflow(
        `    steps:\n      - uses: actions/checkout@${SHA}\n      - run: git rev-list --count HEAD\n`,
      ),
    },
    says: ['job "deploy" counts commits'],
    where: `${W}:7`,
  },
  {
    check: "shallow-clone",
    case: "date-count in a workflow's variables",
    files: {
      [W]: workflow(
        `    env:\n      TIDELINE_VERSION_FORM: date-count\n    steps:\n      - uses: actions/checkout@${SHA}\n      - run: npm run build\n`,
      ),
    },
  },
  {
    check: "skip-token",
    case: "a release's tag on a commit that is skipped",
    files: {},
    prepare: async (rig) => {
      await rig.commit("chore: version 1.0.0 [skip ci]");
      await rig.git("tag", "release/v1.0.0");
    },
    says: ['its commit\'s message says "[skip ci]"'],
    where: "release/v1.0.0",
  },
  {
    check: "skip-token",
    case: "the tag that a workflow runs at",
    files: {},
    env: { GITHUB_REF_TYPE: "tag", GITHUB_REF_NAME: "release/v2.0.0" },
    prepare: (rig) => rig.commit("docs\n\nskip-checks: true"),
    where: "release/v2.0.0",
  },
  {
    check: "skip-token",
    case: "a workflow that waits for the tags of bumps",
    files: { [W]: workflow(run("./deploy.sh"), 'on:\n  push:\n    tags: ["v*"]') },
    says: ["never starts"],
    where: W,
  },
  {
    check: "local-time",
    case: "a script",
    files: { "scripts/build.sh": "#!/bin/sh\nset -e\nNUMBER=$(date +%Y%m%d%H%M)\n" },
    where: "scripts/build.sh:3",
  },
  {
    check: "local-time",
    case: "a workflow",
    files: {
      [W]: workflow(
        "    steps:\n      - run: |\n          echo start\n          echo \"n=$(date '+%Y%m%d-%H%M%S')\"\n",
      ),
    },
    where: `${W}:8`,
  },
  {
    check: "local-time",
    case: "a package's script",
    files: {
      "package.json":
        '{\n  "scripts": {\n    "build": "V=$(date +\\"%Y%m%d%H%M\\") vite build"\n  }\n}\n',
    },
    where: "package.json:3",
  },
  {
    check: "short-sha",
    case: "a script without a suffix",
    files: { "ci/run": "#!/usr/bin/env bash\nSHA=$(git rev-parse --short HEAD)\n" },
    where: "ci/run:2",
  },
  {
    check: "short-sha",
    case: "a log's short form in a workflow",
    files: { [W]: workflow(run("git log -1 --format=%h")) },
  },
  {
    check: "workflow-files",
    case: "broken YAML",
    files: { [W]: "on: push\njobs:\n  a: [\n" },
    says: ["GitHub cannot run it"],
  },
  {
    check: "workflow-files",
    case: "no jobs",
    files: { [W]: "on: push\n" },
    says: ["it has no jobs"],
    where: `${W}:1`,
  },
  {
    check: "pinned-actions",
    case: "a tag",
    files: { [W]: workflow("    steps:\n      - uses: actions/checkout@v4\n") },
    says: ['"actions/checkout@v4"'],
    where: `${W}:6`,
  },
  {
    check: "pinned-actions",
    case: "a reusable workflow's branch",
    files: { [W]: "on: push\njobs:\n  a:\n    uses: acme/x/.github/workflows/y.yml@main\n" },
    where: `${W}:3`,
  },
  {
    check: "pinned-actions",
    case: "a composite action's image",
    files: {
      "action.yml": "name: a\nruns:\n  using: composite\n  steps:\n    - uses: docker://alpine:3\n",
    },
    where: "action.yml:5",
  },
  {
    check: "id-token",
    case: "record without a token or the right to one",
    files: {
      [W]: workflow(
        run("npx --no -- tideline record --dist dist"),
        "on: push\npermissions: { contents: read }",
      ),
    },
    says: ['job "deploy" records'],
    where: `${W}:7`,
  },
  {
    check: "pull-request",
    case: "pull_request_target",
    files: { [W]: workflow(run("npm test"), "on: pull_request_target") },
    where: W,
  },
  {
    check: "pull-request",
    case: "record on a pull request",
    files: { [W]: workflow(run("npx tideline record"), "on: [push, pull_request]") },
    where: `${W}:6`,
  },
  {
    check: "concurrency",
    case: "a deploying job",
    files: { [W]: workflow(run("kubectl apply -f k8s")) },
    where: `${W}:3`,
  },
  {
    check: "concurrency",
    case: "a job with an environment",
    files: { [W]: workflow(`    environment: { name: staging }\n${run("make up")}`) },
  },
  {
    check: "cancel-in-progress",
    case: "production",
    files: {
      [W]: workflow(
        `    environment: production\n    concurrency: { group: p, cancel-in-progress: true }\n${run("make up")}`,
      ),
    },
  },
  {
    check: "environment",
    case: "vite build without it",
    files: { "vite.config.ts": VITE, [W]: workflow(run("npx vite build")) },
    where: `${W}:6`,
  },
  {
    check: "public-secret",
    case: "a file of variables",
    files: { ".env.production": "VITE_URL=x\nVITE_API_TOKEN=abc\n" },
    says: ['"VITE_API_TOKEN"'],
    where: ".env.production:2",
  },
  {
    check: "public-secret",
    case: "a workflow's secret",
    files: { [W]: workflow(`    env:\n      VITE_THING: \${{ secrets.THING }}\n    steps: []\n`) },
    where: W,
  },
  {
    check: "public-secret",
    case: "the environment",
    files: {},
    env: { VITE_RECORD_SECRET: "x" },
    where: null,
  },
  {
    check: "public-secret",
    case: "a declared public variable",
    files: {
      "tideline.config.json": JSON.stringify({
        services: { web: { paths: ["web/**"], publicVariables: ["VITE_ADMIN_KEY"] } },
      }),
    },
    where: 'tideline.config.json, service "web"',
  },
  {
    check: "image-git",
    case: ".git copied",
    files: { Dockerfile: "FROM scratch\nCOPY . /app\n", ".dockerignore": "node_modules\n" },
    says: ["copies .git"],
    where: "Dockerfile",
  },
  {
    check: "image-git",
    case: "git asked where files are dropped",
    files: {
      Dockerfile:
        "FROM node\nCOPY --chown=node . .\nRUN npm ci && git describe --always --dirty > v\n",
      ".dockerignore": "docs\n",
      "docs/a.md": "a\n",
    },
    says: ['.dockerignore drops "docs/a.md"'],
    where: "Dockerfile:3",
  },
  {
    check: "selector-label",
    case: "a deployment",
    files: {
      "k8s/web.yaml": deployment(
        '  selector:\n    matchLabels:\n      app.kubernetes.io/version: "4.20.5"\n',
      ),
    },
    says: ["Deployment selects by", "spec.selector.matchLabels"],
    where: "k8s/web.yaml:1",
  },
  {
    check: "selector-label",
    case: "the second object of a file",
    files: {
      "k8s/web.yaml":
        "kind: ConfigMap\n---\nkind: Service\nspec:\n  selector:\n    app.kubernetes.io/version: x\n",
    },
    where: "k8s/web.yaml:3",
  },
  {
    check: "selector-label",
    case: "Kustomize",
    files: { "k8s/kustomization.yaml": "commonLabels:\n  app.kubernetes.io/version: x\n" },
    says: ["into every selector"],
  },
  {
    check: "latest-image",
    case: "latest of a service",
    files: {
      "k8s/web.yaml": deployment(
        "  template:\n    spec:\n      containers:\n        - image: ghcr.io/acme/api:latest-api\n",
      ),
    },
    says: ['Deployment runs "ghcr.io/acme/api:latest-api"'],
  },
  {
    check: "latest-image",
    case: "no tag, in a registry with a port",
    files: {
      "k8s/web.yaml": deployment(
        "  template:\n    spec:\n      initContainers:\n        - image: localhost:5000/api\n",
      ),
    },
  },
  {
    check: "latest-command",
    case: "kubectl set image",
    files: { "deploy.sh": "kubectl set image deployment/web web=acme/web:latest -n x\n" },
    where: "deploy.sh:1",
  },
  {
    check: "ledger-functions",
    case: "no tables, and a function missing",
    files: {
      "convex/schema.ts": "export default {};\n",
      "convex/deployments.ts":
        'export { recordDeployment, watchLatestDeployment } from "@tideline/ledger";\n',
    },
    says: ["tables are not in the schema", "deployments:findDeployedInputs"],
  },
  {
    check: "jwt-identity",
    case: "identity != null is all it asks",
    files: {
      "convex/auth.config.ts":
        'export default { providers: [{ type: "customJwt", issuer: "https://token.actions.githubusercontent.com" }] };\n',
      "convex/notes.ts":
        "export const list = query(async (ctx) => {\n  const identity = await ctx.auth.getUserIdentity();\n  if (identity === null) throw new Error();\n});\n",
    },
    where: "convex/notes.ts:2",
  },
  {
    check: "record-credential",
    case: "a short token",
    files: {},
    env: { TIDELINE_RECORD_TOKEN: "short" },
    says: ["has 5 characters"],
  },
];

const WARNING: readonly Case[] = [
  {
    check: "version-file",
    case: "four keys missing",
    files: { "version.json": '{"version":"1.0.0"}' },
    says: ['"build_number", "build_date", "git_commit", "buildTimestamp"'],
  },
  {
    check: "cancel-in-progress",
    case: "staging",
    files: {
      [W]: workflow(
        run("./deploy.sh"),
        "on: push\nconcurrency: { group: s, cancel-in-progress: true }",
      ),
    },
    where: `${W}:2`,
  },
  {
    check: "environment",
    case: "npm run build, which may set it itself",
    files: { "vite.config.ts": VITE, [W]: workflow(run("npm run build")) },
  },
  {
    check: "record-credential",
    case: "a ledger without one",
    files: {},
    env: { CONVEX_URL: "https://x.convex.cloud" },
  },
];

const PASSING: readonly Case[] = [
  { check: "git", case: "a commit", files: { a: "a" } },
  { check: "config", case: "one service", files: { "tideline.config.json": CONFIG } },
  { check: "version-file", case: "five keys", files: { "assets/version.json": FIVE_KEYS } },
  {
    check: "version-file",
    case: "a package.json",
    files: {
      "tideline.config.json": CONFIG.replace("{", '{"versionFile":"package.json",'),
      "package.json": '{"version":"1.0.0"}',
    },
  },
  {
    check: "shallow-clone",
    case: "a whole checkout",
    files: {
      [W]: workflow(
        `    steps:\n      - uses: actions/checkout@${SHA}\n        with: { fetch-depth: 0 }\n      - run: git rev-list --count HEAD\n`,
      ),
    },
  },
  {
    check: "skip-token",
    case: "a release's tag on the commit above, and a workflow that waits for it",
    files: { [W]: workflow(run("./deploy.sh"), 'on:\n  push:\n    tags: ["release/v*"]') },
    prepare: async (rig) => {
      await rig.commit("chore: version 1.0.0 [skip ci]");
      await rig.git("tag", "v1.0.0");
      await rig.commit("chore: release 1.0.0");
      await rig.git("tag", "release/v1.0.0");
    },
  },
  {
    check: "local-time",
    case: "UTC, days, seconds and a comment",
    files: {
      "b.sh":
        "date -u +%Y%m%d%H%M\ndate --utc '+%H%M'\nTZ=UTC date +%H%M\ndate +%s\ndate +%Y-%m-%d\n# date +%Y%m%d%H%M\nupdate +%H\n",
      "README.md": "date +%Y%m%d%H%M\n",
    },
  },
  {
    check: "short-sha",
    case: "a cut of the full one, and other uses of --short",
    files: {
      "b.sh":
        "git rev-parse HEAD | cut -c1-12\ngit status --short\ngit symbolic-ref --short HEAD\n",
    },
  },
  { check: "workflow-files", case: "a workflow", files: { [W]: workflow(run("true")) } },
  {
    check: "pinned-actions",
    case: "full SHAs, local ones, a digest",
    files: {
      [W]: workflow(
        `    steps:\n      - uses: actions/checkout@${SHA} # v7\n      - uses: ./.github/actions/x\n      - uses: docker://alpine@sha256:${"ab".repeat(32)}\n`,
      ),
    },
  },
  {
    check: "id-token",
    case: "the right, of the job",
    files: { [W]: workflow(`    permissions: { id-token: write }\n${run("npx tideline record")}`) },
  },
  {
    check: "id-token",
    case: "a token in the step",
    files: {
      [W]: workflow(
        run(
          "npx tideline record",
          `        env:\n          TIDELINE_RECORD_TOKEN: \${{ secrets.T }}\n`,
        ),
      ),
    },
  },
  {
    check: "pull-request",
    case: "a test, and a record for pushes only",
    files: {
      [W]: workflow(
        `    if: github.event_name == 'push'\n${run("npx tideline record")}`,
        "on: [push, pull_request]",
      ),
    },
  },
  {
    check: "concurrency",
    case: "of the workflow",
    files: { [W]: workflow(run("kubectl apply -f x"), "on: push\nconcurrency: deploy") },
  },
  {
    check: "concurrency",
    case: "of the one that calls it",
    files: { [W]: workflow(run("kubectl apply -f x"), "on: workflow_call") },
  },
  {
    check: "cancel-in-progress",
    case: "false",
    files: {
      [W]: workflow(
        run("kubectl apply -f x"),
        "on: push\nconcurrency: { group: production, cancel-in-progress: false }",
      ),
    },
  },
  {
    check: "environment",
    case: "named by the job",
    files: {
      "vite.config.ts": VITE,
      [W]: workflow(`    env: { TIDELINE_ENVIRONMENT: staging }\n${run("npx vite build")}`),
    },
  },
  {
    check: "public-secret",
    case: "public ones",
    files: {
      ".env": "VITE_CONVEX_URL=x\nVITE_CLERK_PUBLISHABLE_KEY=x\nVITE_PUBLIC_TOKEN=x\nAPI_TOKEN=x\n",
      [W]: workflow(`    env:\n      VITE_CONVEX_URL: \${{ vars.URL }}\n    steps: []\n`),
    },
  },
  {
    check: "image-git",
    case: ".git left out, arguments for the rest",
    files: {
      Dockerfile: "FROM node\nARG GIT_SHA\nCOPY . .\nRUN apt-get install git\n",
      ".dockerignore": "*\n!src\n",
    },
  },
  {
    check: "selector-label",
    case: "the label on object and template alone",
    files: {
      "k8s/web.yaml": deployment(
        '  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: web\n        app.kubernetes.io/version: "4.20.5"\n',
      ),
      "k8s/kustomization.yaml":
        "labels:\n  - pairs:\n      app.kubernetes.io/version: x\n    includeSelectors: false\n",
    },
  },
  {
    check: "latest-image",
    case: "versions, digests and what others fill in",
    files: {
      "k8s/web.yaml": deployment(
        `  template:\n    spec:\n      containers:\n        - image: acme/web:4.20.5\n        - image: localhost:5000/api@sha256:${"ab".repeat(32)}\n        - image: \${IMAGE}\n`,
      ),
    },
  },
  {
    check: "latest-command",
    case: "a digest",
    files: {
      "deploy.sh":
        'kubectl set image deployment/web web="acme/web@$DIGEST"\ndocker tag x acme/web:latest\n',
    },
  },
  {
    check: "ledger-functions",
    case: "what the README says",
    files: {
      "convex/schema.ts":
        'import { ledgerTables } from "@tideline/ledger";\nexport default defineSchema({ ...ledgerTables });\n',
      "convex/deployments.ts": 'export * from "@tideline/ledger";\n',
    },
  },
  {
    check: "jwt-identity",
    case: "the repository is looked at",
    files: {
      "convex/auth.config.ts": 'issuer: "https://token.actions.githubusercontent.com"',
      "convex/notes.ts":
        "const identity = await ctx.auth.getUserIdentity();\nif (identity?.repository_id !== 1) throw new Error();\n",
    },
  },
  {
    check: "record-credential",
    case: "a token",
    files: {},
    env: { TIDELINE_RECORD_TOKEN: "0123456789abcdef" },
  },
  {
    check: "record-credential",
    case: "a job that may identify itself",
    files: {},
    env: { CONVEX_URL: "https://x.convex.cloud", ACTIONS_ID_TOKEN_REQUEST_URL: "https://x" },
  },
];

async function prepare({ files, prepare }: Case): Promise<void> {
  await rig.commit("feat: the first commit", files);
  await prepare?.(rig);
}

describe("fails", () => {
  test.each(FAILING)("$check: $case", async (each) => {
    await prepare(each);
    const { state, findings } = await look(each.check, each.env ? { env: each.env } : {});
    expect(state).toBe("fail");
    const all = findings.map(({ problem }) => problem).join("\n");
    for (const said of each.says ?? []) {
      if (typeof said === "string") expect(all).toContain(said);
      else expect(all).toMatch(said);
    }
    if (each.where !== undefined) expect(findings.map(({ where }) => where)).toContain(each.where);
    for (const { fix, problem } of findings) {
      expect(fix.length).toBeGreaterThan(10);
      expect(`${problem}${fix}`).not.toMatch(/\.$|undefined|\[object/);
    }
  });
});

describe("warns", () => {
  test.each(WARNING)("$check: $case", async (each) => {
    await prepare(each);
    const { state, findings } = await look(each.check, each.env ? { env: each.env } : {});
    expect(state).toBe("warn");
    for (const said of each.says ?? []) expect(findings[0]?.problem).toMatch(said);
    if (each.where !== undefined) expect(findings[0]?.where).toBe(each.where);
  });
});

describe("passes", () => {
  test.each(PASSING)("$check: $case", async (each) => {
    await prepare(each);
    const { state, findings } = await look(each.check, each.env ? { env: each.env } : {});
    expect(findings).toEqual([]);
    expect(state).toBe("ok");
  });
});

describe("git", () => {
  /** What the check says, and that a build made there says the same. */
  const say = async (options: Parameters<typeof look>[1] = {}) => {
    const { findings } = await look("git", options);
    const env = { ...GIT_ENV, ...options.env };
    const state = await readGit(options.cwd ?? rig.folder, env, { outputs: [] });
    expect(findings).toHaveLength(1);
    expect(findings[0]?.problem).toBe(
      `builds name no commit: ${state.kind === "none" ? state.warning : "?"}`,
    );
    return findings[0];
  };

  test("no commit and no repository are warnings, no git is a failure", async () => {
    expect(await say()).toMatchObject({ level: "warn", fix: "commit what you have" });
    const folder = await mkdtemp(join(tmpdir(), "tideline-doctor-"));
    undo.push(() => rm(folder, { recursive: true }));
    expect(await say({ cwd: folder })).toMatchObject({
      level: "warn",
      problem: "builds name no commit: Not in a git repository",
    });
    expect(await say({ env: { PATH: folder } })).toMatchObject({
      level: "fail",
      fix: "install git where you build",
    });
  });

  test("a repository whose commit is lost is a failure with git's own words", async () => {
    const commit = await rig.commit("feat: one");
    await rm(join(rig.folder, ".git/objects", commit.slice(0, 2)), { recursive: true });
    expect(await say()).toMatchObject({ level: "fail", fix: "git fsck, or a fresh clone" });
  });

  test("a folder that git does not trust is a failure with the command that allows it", async () => {
    await rig.commit("feat: one");
    expect(await say({ env: { GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" } })).toMatchObject({
      level: "fail",
      fix: `git config --global --add safe.directory "${rig.folder}"`,
    });
  });

  test("date-count in a shallow clone is a failure, in a full one it is not", async () => {
    await rig.commit("feat: one");
    await rig.commit("feat: two");
    const env = { TIDELINE_VERSION_FORM: "date-count" };
    expect((await look("shallow-clone", { env })).state).toBe("ok");
    const shallow = await GitRig.clone(rig, "--depth=1");
    undo.push(() => shallow.dispose());
    const { findings } = await look("shallow-clone", { env, cwd: shallow.folder });
    expect(findings[0]?.fix).toBe("git fetch --unshallow --filter=blob:none");
  });
});

describe("published pages", () => {
  const stamp = (buildId: string): BuildStamp => ({
    ...{ appName: "web", environment: "production", buildId: buildId as BuildId, version: "1.0.0" },
    ...{ gitCommit: "ab".repeat(20), gitBranch: "main", gitDirty: false, gitTag: null },
    ...{ buildNumber: 1, buildTime: 1_700_000_000_000, commitTime: 1_600_000_000_000 },
  });
  const page = (buildId: string) =>
    withStampTag("<!doctype html><html><head></head><body></body></html>", stamp(buildId));

  async function serve(listener: RequestListener): Promise<string> {
    const server: Server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    undo.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/app/`;
  }

  test("no-store: a page that may come from a cache fails, and so does its version.json", async () => {
    const url = await serve((request, response) => {
      const isFile = request.url === "/app/version.json";
      response.setHeader("cache-control", isFile ? "public, max-age=3600" : "no-cache");
      response.end(isFile ? "{}" : page("00112233445566aa"));
    });
    const { state, findings } = await look("no-store", { urls: [url] });
    expect(state).toBe("fail");
    expect(findings.map(({ where }) => where)).toEqual([`${url}version.json`]);
    expect(findings[0]?.problem).toContain('"cache-control: public, max-age=3600"');
  });

  test("no-store: what is always asked for anew passes; the probes of the configuration are used", async () => {
    const url = await serve((_request, response) => {
      response.setHeader("cache-control", "no-store").end(page("00112233445566aa"));
    });
    await rig.commit("feat: config", {
      "tideline.config.json": JSON.stringify({
        services: { web: { paths: ["web/**"] } },
        environments: { production: { probes: { web: url } } },
      }),
    });
    expect((await look("no-store")).state).toBe("ok");
    expect((await look("replicas")).state).toBe("ok");
    expect((await look("no-store", { isOffline: true })).found).toEqual({
      kind: "skipped",
      why: "--offline asks nobody",
    });
  });

  test("replicas: two builds behind one address fail", async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.end(page(requests % 2 === 0 ? "00112233445566aa" : "ffeeddccbbaa9988"));
    });
    const { state, findings } = await look("replicas", { urls: [url] });
    expect(state).toBe("fail");
    expect(findings[0]?.problem).toContain("met 2 builds (ffeeddccbbaa9988, 00112233445566aa)");
  });

  test("replicas: one build with two ETags is a warning", async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.setHeader("etag", `"${requests % 2}"`).end(page("00112233445566aa"));
    });
    expect((await look("replicas", { urls: [url] })).state).toBe("warn");
  });

  test("a password in the address goes to its host, and is never shown", async () => {
    const url = await serve((request, response) => {
      const isLetIn = request.headers.authorization === `Basic ${btoa("me:s3cret")}`;
      response.statusCode = isLetIn ? 200 : 401;
      response.end(page("00112233445566aa"));
    });
    const { state, findings } = await look("no-store", {
      urls: [url.replace("//", "//me:s3cret@")],
    });
    expect([state, findings[0]?.where]).toEqual(["fail", url]);
    expect(findings[0]?.problem).toMatch(/^it is served with no cache-control/);
    expect(JSON.stringify(findings)).not.toContain("s3cret");
  });

  test("a page that is not served fails", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(503).end();
    });
    for (const name of ["no-store", "replicas"]) {
      const { findings } = await look(name, { urls: [url] });
      expect(findings).toMatchObject([
        { level: "fail", problem: "it was not reached: status 503" },
      ]);
    }
  });
});

describe("ledger", () => {
  /** The embedded server with this repository's functions, or with a folder of these. */
  async function serveFunctions(files?: Files): Promise<string> {
    const folder = await GitRig.create();
    undo.push(() => folder.dispose());
    await folder.write(files ?? {});
    const server = await startServer({
      dir: files ? join(folder.folder, "convex") : join(REPOSITORY, "convex"),
      data: join(folder.folder, "data"),
      port: 0,
      sitePort: 0,
      log: () => {},
    });
    undo.push(() => server.close());
    return server.url;
  }

  test("one with the ledger's functions passes, one without them fails", async () => {
    const whole = { CONVEX_URL: await serveFunctions() };
    const { state, findings } = await look("ledger", { env: whole, isNetwork: true });
    expect([state, findings]).toEqual(["ok", []]);
    const empty = await serveFunctions({
      "convex/other.ts": "export const nothing = 1;\n",
    });
    const without = await look("ledger", { env: { CONVEX_URL: empty }, isNetwork: true });
    expect(without.findings.map(({ problem }) => problem)).toEqual([
      `cannot ask the ledger: ${empty} has no function "deployments:watchLatestDeployment", deploy your convex folder first`,
      `cannot ask the ledger: ${empty} has no function "deployments:findDeployedInputs", deploy your convex folder first`,
    ]);
  });

  test("it is asked only with --network, and then one that is away fails", async () => {
    const env = { CONVEX_URL: "http://127.0.0.1:9" };
    expect((await look("ledger", { env })).found).toEqual({
      kind: "skipped",
      why: "--network would ask http://127.0.0.1:9",
    });
    const { state, findings } = await look("ledger", { env, isNetwork: true });
    expect(state).toBe("fail");
    expect(findings).toHaveLength(1);
    expect(findings[0]?.problem).toContain("http://127.0.0.1:9");
  });
});
