import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { detectCi, type Env } from "./ci.js";

const SHA = "0123456789abcdef0123456789abcdef01234567";

const CASES: [provider: string, env: Env, facts: object][] = [
  [
    "GitHub Actions",
    {
      GITHUB_ACTIONS: "true",
      GITHUB_SHA: SHA,
      GITHUB_REF_TYPE: "branch",
      GITHUB_REF_NAME: "main",
      GITHUB_RUN_NUMBER: "12",
      GITHUB_RUN_ID: "900",
      GITHUB_RUN_ATTEMPT: "2",
      GITHUB_JOB: "deploy",
    },
    { branch: "main", tag: null, buildNumber: 12, runKey: "github_actions:900:2:deploy" },
  ],
  [
    "GitLab CI",
    {
      GITLAB_CI: "true",
      CI_COMMIT_SHA: SHA,
      CI_COMMIT_BRANCH: "main",
      CI_COMMIT_TAG: "v1",
      CI_PIPELINE_IID: "5",
      CI_JOB_ID: "77",
    },
    { branch: "main", tag: "v1", buildNumber: 5, runKey: "gitlab_ci:77" },
  ],
  [
    "Vercel",
    { VERCEL: "1", VERCEL_GIT_COMMIT_SHA: SHA, VERCEL_GIT_COMMIT_REF: "main" },
    { branch: "main", runKey: null },
  ],
  ["Netlify", { NETLIFY: "true", COMMIT_REF: SHA, HEAD: "fix" }, { branch: "fix" }],
  [
    "Cloudflare Pages",
    { CF_PAGES: "1", CF_PAGES_COMMIT_SHA: SHA, CF_PAGES_BRANCH: "b" },
    { branch: "b" },
  ],
  [
    "Cloudflare Workers",
    { WORKERS_CI: "1", WORKERS_CI_COMMIT_SHA: SHA, WORKERS_CI_BUILD_UUID: "u" },
    { runKey: "workers_ci:u" },
  ],
  ["CircleCI", { CIRCLECI: "true", CIRCLE_SHA1: SHA, CIRCLE_BUILD_NUM: "3" }, { buildNumber: 3 }],
  ["Buildkite", { BUILDKITE: "true", BUILDKITE_COMMIT: SHA, BUILDKITE_TAG: "" }, { tag: null }],
  [
    "Render",
    { RENDER: "true", RENDER_GIT_COMMIT: SHA, RENDER_GIT_BRANCH: "main" },
    { branch: "main" },
  ],
];

test.each(CASES)("%s is understood", (provider, env, facts) => {
  expect(detectCi(env)).toMatchObject({ provider, commit: SHA, ...facts });
});

test("a commit that is not a full SHA is none", () => {
  expect(detectCi({ BUILDKITE: "true", BUILDKITE_COMMIT: "HEAD" })?.commit).toBeNull();
});

test("no provider is null", () => {
  expect(detectCi({ CI: "true", GITHUB_ACTIONS: "false" })).toBeNull();
});

test("a pull request on GitHub is its head, not the merge that GitHub made for it", () => {
  const folder = mkdtempSync(join(tmpdir(), "ci-"));
  const event = join(folder, "event.json");
  const env = {
    GITHUB_ACTIONS: "true",
    GITHUB_SHA: "f".repeat(40),
    GITHUB_EVENT_NAME: "pull_request",
    GITHUB_EVENT_PATH: event,
    GITHUB_HEAD_REF: "feature",
  };
  expect(detectCi(env)?.commit).toBe("f".repeat(40));
  writeFileSync(event, JSON.stringify({ pull_request: { head: { sha: SHA } } }));
  expect(detectCi(env)).toMatchObject({ commit: SHA, branch: "feature" });
  rmSync(folder, { recursive: true });
});
