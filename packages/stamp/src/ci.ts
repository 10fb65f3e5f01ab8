/**
 * What the CI providers say about a build in their environment variables. One row a provider;
 * the first row whose `isHere` variable is set is used.
 */
import { readFileSync } from "node:fs";

/** Environment variables, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What a CI provider says; null where it does not say. */
export interface CiFacts {
  /** For people, for example `"GitHub Actions"`. */
  readonly provider: string;
  readonly commit: string | null;
  readonly branch: string | null;
  readonly tag: string | null;
  /** The run number that people see, 0 where the provider has none. */
  readonly buildNumber: number;
  /** Equal for repeats of one step of one attempt and for nothing else; null where unknown. */
  readonly runKey: string | null;
}

interface Provider {
  readonly name: string;
  readonly isHere: string;
  readonly commit: readonly string[];
  readonly branch?: readonly string[];
  readonly tag?: readonly string[];
  readonly buildNumber?: string;
  /** All of them together name one attempt of one job. */
  readonly run?: readonly string[];
}

const PROVIDERS: readonly Provider[] = [
  {
    name: "GitHub Actions",
    isHere: "GITHUB_ACTIONS",
    commit: ["GITHUB_SHA"],
    branch: ["GITHUB_HEAD_REF"],
    buildNumber: "GITHUB_RUN_NUMBER",
    run: ["GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB"],
  },
  {
    name: "GitLab CI",
    isHere: "GITLAB_CI",
    commit: ["CI_COMMIT_SHA"],
    branch: ["CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_BRANCH"],
    tag: ["CI_COMMIT_TAG"],
    buildNumber: "CI_PIPELINE_IID",
    // A job that is run again gets a new id, so no attempt is needed.
    run: ["CI_JOB_ID"],
  },
  {
    name: "Vercel",
    isHere: "VERCEL",
    commit: ["VERCEL_GIT_COMMIT_SHA"],
    branch: ["VERCEL_GIT_COMMIT_REF"],
    run: ["VERCEL_DEPLOYMENT_ID"],
  },
  {
    name: "Netlify",
    isHere: "NETLIFY",
    commit: ["COMMIT_REF"],
    branch: ["HEAD", "BRANCH"],
    run: ["DEPLOY_ID"],
  },
  {
    name: "Cloudflare Pages",
    isHere: "CF_PAGES",
    commit: ["CF_PAGES_COMMIT_SHA"],
    branch: ["CF_PAGES_BRANCH"],
  },
  {
    name: "Cloudflare Workers",
    isHere: "WORKERS_CI",
    commit: ["WORKERS_CI_COMMIT_SHA"],
    branch: ["WORKERS_CI_BRANCH"],
    run: ["WORKERS_CI_BUILD_UUID"],
  },
  {
    name: "CircleCI",
    isHere: "CIRCLECI",
    commit: ["CIRCLE_SHA1"],
    branch: ["CIRCLE_BRANCH"],
    tag: ["CIRCLE_TAG"],
    buildNumber: "CIRCLE_BUILD_NUM",
    run: ["CIRCLE_WORKFLOW_JOB_ID"],
  },
  {
    name: "Buildkite",
    isHere: "BUILDKITE",
    commit: ["BUILDKITE_COMMIT"],
    branch: ["BUILDKITE_BRANCH"],
    tag: ["BUILDKITE_TAG"],
    buildNumber: "BUILDKITE_BUILD_NUMBER",
    run: ["BUILDKITE_JOB_ID"],
  },
  {
    name: "Render",
    isHere: "RENDER",
    commit: ["RENDER_GIT_COMMIT"],
    branch: ["RENDER_GIT_BRANCH"],
  },
];

/**
 * Says whether this is a CI machine: `CI` is set (and not to `false` or `0`), or a provider of the
 * table is recognised.
 */
export function isCi(env: Env): boolean {
  const flag = env.CI?.trim().toLowerCase() ?? "";
  return (flag !== "" && flag !== "false" && flag !== "0") || findProvider(env) !== undefined;
}

/** Gives what the CI provider says about the build, or null outside the providers of the table. */
export function detectCi(env: Env): CiFacts | null {
  const provider = findProvider(env);
  if (provider === undefined) return null;
  const first = (names: readonly string[] = []) =>
    names.map((name) => env[name]?.trim()).find((value) => value) ?? null;
  const run = (provider.run ?? []).map((name) => env[name]?.trim() ?? "");
  const facts: CiFacts = {
    provider: provider.name,
    commit: parseCommit(first(provider.commit)),
    branch: first(provider.branch),
    tag: first(provider.tag),
    buildNumber: parseBuildNumber(provider.buildNumber ? env[provider.buildNumber] : undefined),
    runKey:
      run.length > 0 && run.every((part) => part !== "")
        ? `${provider.isHere.toLowerCase()}:${run.join(":")}`
        : null,
  };
  return provider.isHere === "GITHUB_ACTIONS" ? ofGitHub(facts, env) : facts;
}

/** Gives a commit in lower case, or null if it is not 40 or 64 hex digits. */
export function parseCommit(text: string | null | undefined): string | null {
  const commit = text?.trim().toLowerCase() ?? "";
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit) ? commit : null;
}

/** Gives a run number as an integer, 0 if it is none. */
export function parseBuildNumber(text: string | undefined): number {
  const number = /^\d+$/.test(text?.trim() ?? "") ? Number(text) : 0;
  return Number.isSafeInteger(number) ? number : 0;
}

function findProvider(env: Env): Provider | undefined {
  return PROVIDERS.find(({ isHere }) => {
    const value = env[isHere]?.trim().toLowerCase() ?? "";
    return value !== "" && value !== "false" && value !== "0";
  });
}

/** GitHub names branch and tag by a type, and for a pull request a merge commit that nobody wrote. */
function ofGitHub(facts: CiFacts, env: Env): CiFacts {
  const ref = env.GITHUB_REF_NAME?.trim() || null;
  return {
    ...facts,
    commit: pullRequestHead(env) ?? facts.commit,
    branch: facts.branch ?? (env.GITHUB_REF_TYPE === "branch" ? ref : null),
    tag: env.GITHUB_REF_TYPE === "tag" ? ref : null,
  };
}

function pullRequestHead(env: Env): string | null {
  if (!env.GITHUB_EVENT_NAME?.startsWith("pull_request") || !env.GITHUB_EVENT_PATH) return null;
  try {
    const event: unknown = JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, "utf8"));
    const head = (event as { pull_request?: { head?: { sha?: unknown } } }).pull_request?.head?.sha;
    return typeof head === "string" ? parseCommit(head) : null;
  } catch {
    // Without the event file GITHUB_SHA is the best there is.
    return null;
  }
}
