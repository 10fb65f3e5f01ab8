/**
 * The CI providers and what each calls a commit, a branch, a tag and a run in its environment
 * variables. One row a provider; the first row that matches is used.
 * Does not read the variables (see ci.ts).
 */

/** One row of the table. Where several variables are named, the first that says something counts. */
export interface CiProvider {
  /** For people. */
  readonly name: string;
  /**
   * Each inner list is one sign of the provider: all its variables are set, or equal what follows
   * the `=`, or begin with it where a `*` ends it.
   */
  readonly signs: readonly (readonly string[])[];
  readonly commit: readonly string[];
  /** The commit that is checked out where `commit` is a pull request's head that was merged to try it. */
  readonly merge?: string;
  readonly branch?: readonly string[];
  readonly tag?: readonly string[];
  /** Holds `refs/heads/…`, `refs/tags/…` or `refs/pull/…`. */
  readonly ref?: string;
  readonly buildNumber?: string;
  /** All of them together name one attempt of one job; left out where a second attempt has the same. */
  readonly run?: readonly string[];
}

/** The table. */
export const CI_PROVIDERS: readonly CiProvider[] = [
  {
    // Gitea and Forgejo set the same variables. ci.ts adds what depends on the kind of event.
    name: "GitHub Actions",
    signs: [["GITHUB_ACTIONS"]],
    commit: ["GITHUB_SHA"],
    buildNumber: "GITHUB_RUN_NUMBER",
    run: ["GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB"],
  },
  {
    name: "GitLab CI",
    signs: [["GITLAB_CI"]],
    // The first is set in pipelines of merged results only.
    commit: ["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "CI_COMMIT_SHA"],
    merge: "CI_COMMIT_SHA",
    branch: ["CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_BRANCH"],
    tag: ["CI_COMMIT_TAG"],
    buildNumber: "CI_PIPELINE_IID",
    // A job that is run again gets a new id, so no attempt is needed.
    run: ["CI_JOB_ID"],
  },
  {
    name: "Vercel",
    signs: [["VERCEL"]],
    commit: ["VERCEL_GIT_COMMIT_SHA"],
    branch: ["VERCEL_GIT_COMMIT_REF"],
    run: ["VERCEL_DEPLOYMENT_ID"],
  },
  {
    name: "Netlify",
    signs: [["NETLIFY"]],
    commit: ["COMMIT_REF"],
    branch: ["HEAD", "BRANCH"],
    run: ["DEPLOY_ID"],
  },
  {
    name: "Cloudflare Pages",
    signs: [["CF_PAGES"]],
    commit: ["CF_PAGES_COMMIT_SHA"],
    branch: ["CF_PAGES_BRANCH"],
  },
  {
    name: "Cloudflare Workers",
    signs: [["WORKERS_CI"]],
    commit: ["WORKERS_CI_COMMIT_SHA"],
    branch: ["WORKERS_CI_BRANCH"],
    run: ["WORKERS_CI_BUILD_UUID"],
  },
  {
    name: "CircleCI",
    signs: [["CIRCLECI"]],
    commit: ["CIRCLE_SHA1"],
    branch: ["CIRCLE_BRANCH"],
    tag: ["CIRCLE_TAG"],
    buildNumber: "CIRCLE_BUILD_NUM",
    run: ["CIRCLE_WORKFLOW_JOB_ID"],
  },
  {
    name: "Buildkite",
    signs: [["BUILDKITE"]],
    // The word "HEAD" where a build was started by hand.
    commit: ["BUILDKITE_COMMIT"],
    branch: ["BUILDKITE_BRANCH"],
    tag: ["BUILDKITE_TAG"],
    buildNumber: "BUILDKITE_BUILD_NUMBER",
    run: ["BUILDKITE_JOB_ID"],
  },
  {
    name: "Render",
    signs: [["RENDER"]],
    commit: ["RENDER_GIT_COMMIT"],
    branch: ["RENDER_GIT_BRANCH"],
  },
  {
    name: "Railway",
    signs: [["RAILWAY_PROJECT_ID", "RAILWAY_SERVICE_ID"]],
    commit: ["RAILWAY_GIT_COMMIT_SHA"],
    branch: ["RAILWAY_GIT_BRANCH"],
    run: ["RAILWAY_DEPLOYMENT_ID"],
  },
  {
    name: "Bitbucket Pipelines",
    signs: [["BITBUCKET_BUILD_NUMBER"]],
    commit: ["BITBUCKET_COMMIT"],
    branch: ["BITBUCKET_BRANCH"],
    tag: ["BITBUCKET_TAG"],
    buildNumber: "BITBUCKET_BUILD_NUMBER",
  },
  {
    // Builds on machines of CodeBuild, so it goes before that.
    name: "AWS Amplify",
    signs: [["AWS_APP_ID", "AWS_JOB_ID"]],
    // The word "HEAD" where a build was started by hand.
    commit: ["AWS_COMMIT_ID"],
    branch: ["AWS_BRANCH"],
  },
  {
    name: "AWS CodeBuild",
    signs: [["CODEBUILD_BUILD_ID"]],
    commit: ["CODEBUILD_RESOLVED_SOURCE_VERSION"],
    ref: "CODEBUILD_WEBHOOK_HEAD_REF",
    buildNumber: "CODEBUILD_BUILD_NUMBER",
    run: ["CODEBUILD_BUILD_ID"],
  },
  {
    name: "Azure Pipelines",
    signs: [["TF_BUILD"]],
    commit: ["SYSTEM_PULLREQUEST_SOURCECOMMITID", "BUILD_SOURCEVERSION"],
    merge: "BUILD_SOURCEVERSION",
    ref: "BUILD_SOURCEBRANCH",
    branch: ["SYSTEM_PULLREQUEST_SOURCEBRANCH"],
    // BUILD_BUILDNUMBER is a name such as "20261120.4".
    buildNumber: "BUILD_BUILDID",
    run: ["BUILD_BUILDID", "SYSTEM_JOBID", "SYSTEM_JOBATTEMPT"],
  },
  {
    name: "Jenkins",
    signs: [["JENKINS_URL"]],
    commit: ["GIT_COMMIT"],
    branch: ["CHANGE_BRANCH", "BRANCH_NAME", "GIT_LOCAL_BRANCH"],
    tag: ["TAG_NAME"],
    buildNumber: "BUILD_NUMBER",
    run: ["JENKINS_URL", "BUILD_TAG"],
  },
  {
    name: "Woodpecker",
    signs: [["CI=woodpecker"], ["CI_SYSTEM_NAME=woodpecker"]],
    commit: ["CI_COMMIT_SHA"],
    branch: ["CI_COMMIT_SOURCE_BRANCH", "CI_COMMIT_BRANCH"],
    tag: ["CI_COMMIT_TAG"],
    buildNumber: "CI_PIPELINE_NUMBER",
    // A pipeline that is run again gets a new number.
    run: ["CI_REPO", "CI_PIPELINE_NUMBER", "CI_STEP_NAME"],
  },
  {
    name: "Drone",
    signs: [["DRONE"]],
    commit: ["DRONE_COMMIT_SHA", "DRONE_COMMIT"],
    branch: ["DRONE_SOURCE_BRANCH", "DRONE_BRANCH"],
    tag: ["DRONE_TAG"],
    buildNumber: "DRONE_BUILD_NUMBER",
    run: ["DRONE_REPO", "DRONE_BUILD_NUMBER", "DRONE_STAGE_NUMBER", "DRONE_STEP_NUMBER"],
  },
  {
    // A job that is run again keeps its id, so there is no run to name.
    name: "Travis CI",
    signs: [["TRAVIS"]],
    commit: ["TRAVIS_PULL_REQUEST_SHA", "TRAVIS_COMMIT"],
    merge: "TRAVIS_COMMIT",
    branch: ["TRAVIS_PULL_REQUEST_BRANCH", "TRAVIS_BRANCH"],
    tag: ["TRAVIS_TAG"],
    buildNumber: "TRAVIS_BUILD_NUMBER",
  },
  {
    name: "AppVeyor",
    signs: [["APPVEYOR"]],
    commit: ["APPVEYOR_PULL_REQUEST_HEAD_COMMIT", "APPVEYOR_REPO_COMMIT"],
    merge: "APPVEYOR_REPO_COMMIT",
    branch: ["APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH", "APPVEYOR_REPO_BRANCH"],
    tag: ["APPVEYOR_REPO_TAG_NAME"],
    buildNumber: "APPVEYOR_BUILD_NUMBER",
  },
  {
    name: "Semaphore",
    signs: [["SEMAPHORE"]],
    commit: ["SEMAPHORE_GIT_PR_SHA", "SEMAPHORE_GIT_SHA"],
    merge: "SEMAPHORE_GIT_SHA",
    branch: ["SEMAPHORE_GIT_PR_BRANCH", "SEMAPHORE_GIT_WORKING_BRANCH", "SEMAPHORE_GIT_BRANCH"],
    tag: ["SEMAPHORE_GIT_TAG_NAME"],
    run: ["SEMAPHORE_JOB_ID"],
  },
  {
    name: "Cirrus CI",
    signs: [["CIRRUS_CI"]],
    commit: ["CIRRUS_CHANGE_IN_REPO"],
    branch: ["CIRRUS_BRANCH"],
    tag: ["CIRRUS_TAG"],
    run: ["CIRRUS_TASK_ID"],
  },
  {
    name: "TeamCity",
    signs: [["TEAMCITY_VERSION"]],
    commit: ["BUILD_VCS_NUMBER"],
    buildNumber: "BUILD_NUMBER",
  },
  {
    // Sets nothing by itself but BUILDER_OUTPUT; the rest is there where a build config maps the
    // substitutions of these names to variables.
    name: "Google Cloud Build",
    signs: [
      ["BUILDER_OUTPUT"],
      ["PROJECT_ID", "BUILD_ID", "COMMIT_SHA"],
      ["PROJECT_ID", "BUILD_ID", "SHORT_SHA"],
    ],
    commit: ["COMMIT_SHA", "REVISION_ID", "SHORT_SHA"],
    branch: ["_HEAD_BRANCH", "BRANCH_NAME"],
    tag: ["TAG_NAME"],
    run: ["BUILD_ID"],
  },
  {
    // The last, because its variables are the least telling. The first sign is that of a dyno with
    // its metadata, the others those of Heroku CI and of a build.
    name: "Heroku",
    signs: [["HEROKU_BUILD_COMMIT"], ["HEROKU_TEST_RUN_ID"], ["SOURCE_VERSION", "STACK=heroku-*"]],
    commit: ["HEROKU_BUILD_COMMIT", "HEROKU_TEST_RUN_COMMIT_VERSION", "SOURCE_VERSION"],
    branch: ["HEROKU_TEST_RUN_BRANCH"],
    run: ["HEROKU_TEST_RUN_ID"],
  },
];
