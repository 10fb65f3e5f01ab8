import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type CiFacts, detectCi, type Env, isCi } from "./ci.js";
import { CI_PROVIDERS } from "./ci-providers.js";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const MERGE = "f".repeat(40);

/** What each provider documents that it sets, and what is understood of it. */
const CASES: [provider: string, env: Env, facts: Partial<CiFacts>][] = [
  [
    "GitHub Actions",
    {
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_EVENT_NAME: "push",
      GITHUB_SHA: SHA,
      GITHUB_REF: "refs/heads/main",
      GITHUB_REF_TYPE: "branch",
      GITHUB_REF_NAME: "main",
      GITHUB_RUN_NUMBER: "12",
      GITHUB_RUN_ID: "900",
      GITHUB_RUN_ATTEMPT: "2",
      GITHUB_JOB: "deploy",
    },
    { branch: "main", buildNumber: 12, runKey: "github_actions:900:2:deploy" },
  ],
  [
    "GitHub Actions",
    {
      GITHUB_ACTIONS: "true",
      GITHUB_SHA: SHA,
      GITHUB_REF_TYPE: "tag",
      GITHUB_REF_NAME: "v1.2.3",
    },
    { tag: "v1.2.3" },
  ],
  [
    "GitLab CI",
    {
      CI: "true",
      GITLAB_CI: "true",
      CI_COMMIT_SHA: SHA,
      CI_COMMIT_SHORT_SHA: "01234567",
      CI_COMMIT_BRANCH: "main",
      CI_PIPELINE_IID: "5",
      CI_JOB_ID: "77",
    },
    { branch: "main", buildNumber: 5, runKey: "gitlab_ci:77" },
  ],
  [
    "GitLab CI",
    { GITLAB_CI: "true", CI_COMMIT_SHA: SHA, CI_COMMIT_TAG: "v1", CI_COMMIT_REF_NAME: "v1" },
    { tag: "v1" },
  ],
  [
    "GitLab CI",
    {
      GITLAB_CI: "true",
      CI_COMMIT_SHA: MERGE,
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: SHA,
      CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: "fix",
    },
    { merge: MERGE, branch: "fix" },
  ],
  [
    "Vercel",
    { CI: "1", VERCEL: "1", VERCEL_GIT_COMMIT_SHA: SHA, VERCEL_GIT_COMMIT_REF: "main" },
    { branch: "main" },
  ],
  [
    "Netlify",
    {
      CI: "true",
      NETLIFY: "true",
      COMMIT_REF: SHA,
      HEAD: "fix",
      BRANCH: "deploy-preview-3",
      DEPLOY_ID: "d1",
    },
    { branch: "fix", runKey: "netlify:d1" },
  ],
  [
    "Cloudflare Pages",
    { CI: "true", CF_PAGES: "1", CF_PAGES_COMMIT_SHA: SHA, CF_PAGES_BRANCH: "main" },
    { branch: "main" },
  ],
  [
    "Cloudflare Workers",
    {
      CI: "true",
      WORKERS_CI: "1",
      WORKERS_CI_COMMIT_SHA: SHA,
      WORKERS_CI_BRANCH: "main",
      WORKERS_CI_BUILD_UUID: "u",
    },
    { branch: "main", runKey: "workers_ci:u" },
  ],
  [
    "CircleCI",
    {
      CI: "true",
      CIRCLECI: "true",
      CIRCLE_SHA1: SHA,
      CIRCLE_BRANCH: "main",
      CIRCLE_BUILD_NUM: "3",
      CIRCLE_WORKFLOW_JOB_ID: "j",
    },
    { branch: "main", buildNumber: 3, runKey: "circleci:j" },
  ],
  [
    "Buildkite",
    {
      CI: "true",
      BUILDKITE: "true",
      BUILDKITE_COMMIT: SHA,
      BUILDKITE_BRANCH: "main",
      BUILDKITE_TAG: "",
      BUILDKITE_BUILD_NUMBER: "15",
      BUILDKITE_JOB_ID: "j",
    },
    { branch: "main", buildNumber: 15, runKey: "buildkite:j" },
  ],
  [
    "Render",
    { RENDER: "true", RENDER_GIT_COMMIT: SHA, RENDER_GIT_BRANCH: "main" },
    { branch: "main" },
  ],
  [
    "Railway",
    {
      RAILWAY_PROJECT_ID: "p",
      RAILWAY_SERVICE_ID: "s",
      RAILWAY_DEPLOYMENT_ID: "d",
      RAILWAY_GIT_COMMIT_SHA: SHA,
      RAILWAY_GIT_BRANCH: "main",
    },
    { branch: "main", runKey: "railway_project_id:d" },
  ],
  [
    "Bitbucket Pipelines",
    {
      CI: "true",
      BITBUCKET_BUILD_NUMBER: "8",
      BITBUCKET_COMMIT: SHA,
      BITBUCKET_BRANCH: "main",
      BITBUCKET_STEP_UUID: "{u}",
    },
    { branch: "main", buildNumber: 8 },
  ],
  [
    "AWS Amplify",
    {
      AWS_APP_ID: "abcd1234",
      AWS_JOB_ID: "0000000001",
      AWS_BRANCH: "main",
      AWS_COMMIT_ID: SHA,
      CODEBUILD_BUILD_ID: "p:1",
    },
    { branch: "main" },
  ],
  [
    "AWS CodeBuild",
    {
      CODEBUILD_BUILD_ID: "p:1",
      CODEBUILD_BUILD_NUMBER: "9",
      CODEBUILD_RESOLVED_SOURCE_VERSION: SHA,
      CODEBUILD_SOURCE_VERSION: "main",
      CODEBUILD_WEBHOOK_HEAD_REF: "refs/heads/feature/x",
    },
    { branch: "feature/x", buildNumber: 9, runKey: "codebuild_build_id:p:1" },
  ],
  [
    "Azure Pipelines",
    {
      TF_BUILD: "True",
      BUILD_SOURCEVERSION: SHA,
      BUILD_SOURCEBRANCH: "refs/heads/main",
      BUILD_BUILDID: "345",
      BUILD_BUILDNUMBER: "20261120.4",
      SYSTEM_JOBID: "j",
      SYSTEM_JOBATTEMPT: "1",
    },
    { branch: "main", buildNumber: 345, runKey: "tf_build:345:j:1" },
  ],
  [
    "Azure Pipelines",
    { TF_BUILD: "True", BUILD_SOURCEVERSION: SHA, BUILD_SOURCEBRANCH: "refs/tags/v2.0.0" },
    { tag: "v2.0.0" },
  ],
  [
    "Azure Pipelines",
    {
      TF_BUILD: "True",
      BUILD_SOURCEVERSION: MERGE,
      BUILD_SOURCEBRANCH: "refs/pull/7/merge",
      SYSTEM_PULLREQUEST_SOURCECOMMITID: SHA,
      SYSTEM_PULLREQUEST_SOURCEBRANCH: "refs/heads/fix",
    },
    { branch: "fix", merge: MERGE },
  ],
  [
    "Jenkins",
    {
      JENKINS_URL: "https://ci.example.com/",
      GIT_COMMIT: SHA,
      GIT_BRANCH: "origin/main",
      BRANCH_NAME: "main",
      BUILD_NUMBER: "153",
      BUILD_TAG: "jenkins-web-153",
    },
    {
      branch: "main",
      buildNumber: 153,
      runKey: "jenkins_url:https://ci.example.com/:jenkins-web-153",
    },
  ],
  [
    "Woodpecker",
    {
      CI: "woodpecker",
      CI_SYSTEM_NAME: "woodpecker",
      CI_REPO: "acme/web",
      CI_COMMIT_SHA: SHA,
      CI_COMMIT_BRANCH: "main",
      CI_COMMIT_TAG: "",
      CI_PIPELINE_NUMBER: "8",
      CI_STEP_NAME: "deploy",
    },
    { branch: "main", buildNumber: 8, runKey: "ci:acme/web:8:deploy" },
  ],
  [
    "Drone",
    {
      CI: "true",
      DRONE: "true",
      DRONE_REPO: "acme/web",
      DRONE_COMMIT_SHA: SHA,
      DRONE_SOURCE_BRANCH: "fix",
      DRONE_BRANCH: "main",
      DRONE_BUILD_NUMBER: "42",
      DRONE_STAGE_NUMBER: "1",
      DRONE_STEP_NUMBER: "3",
    },
    { branch: "fix", buildNumber: 42, runKey: "drone:acme/web:42:1:3" },
  ],
  [
    "Travis CI",
    {
      CI: "true",
      TRAVIS: "true",
      TRAVIS_COMMIT: MERGE,
      TRAVIS_PULL_REQUEST_SHA: SHA,
      TRAVIS_PULL_REQUEST_BRANCH: "fix",
      TRAVIS_BRANCH: "main",
      TRAVIS_BUILD_NUMBER: "6",
      TRAVIS_JOB_ID: "1",
    },
    { branch: "fix", buildNumber: 6, merge: MERGE },
  ],
  [
    "AppVeyor",
    {
      CI: "True",
      APPVEYOR: "True",
      APPVEYOR_REPO_COMMIT: SHA,
      APPVEYOR_REPO_BRANCH: "main",
      APPVEYOR_REPO_TAG: "true",
      APPVEYOR_REPO_TAG_NAME: "v1",
      APPVEYOR_BUILD_NUMBER: "4",
    },
    { branch: "main", tag: "v1", buildNumber: 4 },
  ],
  [
    "Semaphore",
    {
      CI: "true",
      SEMAPHORE: "true",
      SEMAPHORE_GIT_SHA: SHA,
      SEMAPHORE_GIT_BRANCH: "main",
      SEMAPHORE_JOB_ID: "j",
    },
    { branch: "main", runKey: "semaphore:j" },
  ],
  [
    "Cirrus CI",
    {
      CI: "true",
      CIRRUS_CI: "true",
      CIRRUS_CHANGE_IN_REPO: SHA,
      CIRRUS_BRANCH: "main",
      CIRRUS_TASK_ID: "55",
    },
    { branch: "main", runKey: "cirrus_ci:55" },
  ],
  [
    "TeamCity",
    { TEAMCITY_VERSION: "2026.1", BUILD_VCS_NUMBER: SHA, BUILD_NUMBER: "31" },
    { buildNumber: 31 },
  ],
  [
    "Google Cloud Build",
    {
      PROJECT_ID: "acme",
      BUILD_ID: "b",
      COMMIT_SHA: SHA,
      SHORT_SHA: "0123456",
      BRANCH_NAME: "main",
      TAG_NAME: "",
    },
    { branch: "main", runKey: "builder_output:b" },
  ],
  ["Heroku", { SOURCE_VERSION: SHA, STACK: "heroku-24" }, {}],
  ["Heroku", { HEROKU_BUILD_COMMIT: SHA, HEROKU_APP_NAME: "acme" }, {}],
  [
    "Heroku",
    {
      CI: "true",
      HEROKU_TEST_RUN_ID: "t",
      HEROKU_TEST_RUN_COMMIT_VERSION: SHA,
      HEROKU_TEST_RUN_BRANCH: "main",
    },
    { branch: "main", runKey: "heroku_build_commit:t" },
  ],
];

test.each(CASES)("%s is understood: %j", (provider, env, facts) => {
  expect(detectCi(env)).toEqual({
    provider,
    commit: SHA,
    shortCommit: null,
    merge: null,
    branch: null,
    tag: null,
    buildNumber: 0,
    runKey: null,
    ...facts,
  });
  expect(isCi(env)).toBe(true);
});

test("every provider of the table has a case, and no two share a name or a key", () => {
  const names = CI_PROVIDERS.map(({ name }) => name);
  expect([...new Set(CASES.map(([name]) => name))].sort()).toEqual([...names].sort());
  expect(names.length).toBeGreaterThanOrEqual(16);
  expect(new Set(CI_PROVIDERS.map(({ signs }) => signs[0]?.[0])).size).toBe(names.length);
});

test.each<[string, Env, string | null]>([
  ["the word HEAD", { BUILDKITE: "true", BUILDKITE_COMMIT: "HEAD" }, null],
  ["seven digits", { BUILDER_OUTPUT: "/o", SHORT_SHA: "ABC1234" }, "abc1234"],
  ["forty zeros", { BUILDKITE: "true", BUILDKITE_COMMIT: "0".repeat(40) }, null],
  ["a number of another system", { TEAMCITY_VERSION: "1", BUILD_VCS_NUMBER: "4711" }, null],
  [
    "an address",
    { CODEBUILD_BUILD_ID: "1", CODEBUILD_RESOLVED_SOURCE_VERSION: "arn:aws:s3" },
    null,
  ],
  ["nothing", { NETLIFY: "true" }, null],
])("%s is no full commit", (_, env, shortCommit) => {
  expect(detectCi(env)).toMatchObject({ commit: null, shortCommit });
});

test.each<[string, Env]>([
  ["nothing", {}],
  ["CI alone", { CI: "true" }],
  ["a provider that is switched off", { CI: "true", GITHUB_ACTIONS: "false", VERCEL: "0" }],
  ["a commit alone", { COMMIT_SHA: SHA, SHORT_SHA: "0123456" }],
  ["a build id alone", { BUILD_ID: "1", PROJECT_ID: "2" }],
  ["another machine's SOURCE_VERSION", { SOURCE_VERSION: SHA, STACK: "lamp" }],
  ["a provider that nobody has heard of", { CI: "unheard-of", UNHEARD_OF_COMMIT: SHA }],
])("%s is no provider of the table", (_, env) => {
  expect(detectCi(env)).toBeNull();
});

test("a run that is named in part is no run", () => {
  const env = { GITHUB_ACTIONS: "true", GITHUB_RUN_ID: "900", GITHUB_JOB: "deploy" };
  expect(detectCi(env)?.runKey).toBeNull();
});

test("a pull request on GitHub is its head, not the merge that GitHub made for it", () => {
  const folder = mkdtempSync(join(tmpdir(), "ci-"));
  const event = join(folder, "event.json");
  const env = {
    GITHUB_ACTIONS: "true",
    GITHUB_SHA: MERGE,
    GITHUB_EVENT_NAME: "pull_request",
    GITHUB_EVENT_PATH: event,
    GITHUB_HEAD_REF: "feature",
    GITHUB_REF_TYPE: "branch",
    GITHUB_REF_NAME: "7/merge",
  };
  for (const text of [null, "{", "null", "[]", '{"pull_request":{"head":{"sha":"abc"}}}']) {
    if (text !== null) writeFileSync(event, text);
    expect(detectCi(env)).toMatchObject({ commit: MERGE, merge: null, branch: "feature" });
  }
  writeFileSync(event, JSON.stringify({ pull_request: { head: { sha: SHA } } }));
  expect(detectCi(env)).toMatchObject({ commit: SHA, merge: MERGE, branch: "feature" });
  // Runs with the base branch's files, whatever the head is.
  const onBase = { ...env, GITHUB_EVENT_NAME: "pull_request_target", GITHUB_REF_NAME: "main" };
  expect(detectCi(onBase)).toMatchObject({ commit: MERGE, merge: null, branch: "main" });
  rmSync(folder, { recursive: true });
});
