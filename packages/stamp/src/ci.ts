/** What the CI provider says about a build in its environment variables (see ci-providers.ts). */
import { readFileSync } from "node:fs";
import { CI_PROVIDERS, type CiProvider } from "./ci-providers.js";

/** Environment variables, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What a CI provider says; null where it does not say. */
export interface CiFacts {
  /** For people, for example `"GitHub Actions"`. */
  readonly provider: string;
  /** A full SHA. Of a pull request, its head. */
  readonly commit: string | null;
  /** Hex digits that may begin the commit's SHA, where the provider names it in short only. */
  readonly shortCommit: string | null;
  /** What is checked out instead of `commit`: the merge that the provider made to try it out. */
  readonly merge: string | null;
  readonly branch: string | null;
  readonly tag: string | null;
  /** The run number that people see, 0 where the provider has none. */
  readonly buildNumber: number;
  /** Equal for repeats of one step of one attempt and for nothing else; null where unknown. */
  readonly runKey: string | null;
}

/**
 * Says whether this is a CI machine: `CI` is set (and not to `false` or `0`), or a provider of the
 * table is recognised.
 */
export function isCi(env: Env): boolean {
  return isSet(env.CI) || findProvider(env) !== undefined;
}

/** Gives what the CI provider says about the build, or null outside the providers of the table. */
export function detectCi(env: Env): CiFacts | null {
  const provider = findProvider(env);
  if (provider === undefined) return null;
  const texts = (names: readonly string[] = []) =>
    names.map((name) => env[name]?.trim() ?? "").filter((value) => value !== "");
  const [ref = ""] = texts(provider.ref === undefined ? [] : [provider.ref]);
  const commit = texts(provider.commit).map(parseCommit).find(isSaid) ?? null;
  const run = texts(provider.run);
  const isWhole = run.length > 0 && run.length === provider.run?.length;
  const facts: CiFacts = {
    provider: provider.name,
    commit,
    shortCommit:
      commit === null ? (texts(provider.commit).map(shortForm).find(isSaid) ?? null) : null,
    merge: mergeOf(provider, env, commit),
    branch: ofRef(texts(provider.branch)[0] ?? ref, "refs/heads/"),
    tag: texts(provider.tag)[0] ?? (ref.startsWith("refs/tags/") ? ref.slice(10) : null),
    buildNumber: parseBuildNumber(provider.buildNumber ? env[provider.buildNumber] : undefined),
    runKey: isWhole ? `${keyOf(provider)}:${run.join(":")}` : null,
  };
  return provider.name === "GitHub Actions" ? ofGitHub(facts, env) : facts;
}

/** Gives a commit in lower case, or null if it is not 40 or 64 hex digits, or all of them are 0. */
export function parseCommit(text: string | null | undefined): string | null {
  const commit = text?.trim().toLowerCase() ?? "";
  return /^(?!0+$)(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit) ? commit : null;
}

/** Gives a run number as an integer, 0 if it is none. */
export function parseBuildNumber(text: string | undefined): number {
  const number = /^\d+$/.test(text?.trim() ?? "") ? Number(text) : 0;
  return Number.isSafeInteger(number) ? number : 0;
}

function findProvider(env: Env): CiProvider | undefined {
  return CI_PROVIDERS.find(({ signs }) =>
    signs.some((sign) =>
      sign.every((part) => {
        const [name = "", value] = part.split("=");
        const found = env[name]?.trim().toLowerCase() ?? "";
        if (value === undefined) return isSet(found);
        return value.endsWith("*") ? found.startsWith(value.slice(0, -1)) : found === value;
      }),
    ),
  );
}

function isSet(variable: string | undefined): boolean {
  const value = variable?.trim().toLowerCase() ?? "";
  return value !== "" && value !== "false" && value !== "0";
}

function isSaid<T>(value: T | null): value is T {
  return value !== null;
}

function shortForm(text: string): string | null {
  return /^(?!0+$)[0-9a-f]{7,63}$/i.test(text) ? text.toLowerCase() : null;
}

function mergeOf({ merge }: CiProvider, env: Env, commit: string | null): string | null {
  const checkedOut = merge === undefined ? null : parseCommit(env[merge]);
  return checkedOut === commit ? null : checkedOut;
}

/** A plain name stands for itself; of other refs, such as `refs/pull/1/merge`, there is no branch. */
function ofRef(name: string, prefix: string): string | null {
  if (name.startsWith(prefix)) return name.slice(prefix.length);
  return name === "" || name.startsWith("refs/") ? null : name;
}

/** By the provider's first sign, which two providers cannot share. */
function keyOf({ signs }: CiProvider): string {
  return (signs[0]?.[0] ?? "").split("=")[0]?.toLowerCase() ?? "";
}

/**
 * GitHub names branch and tag by a type, and for a pull request a merge commit that nobody wrote.
 * Only `pull_request_target` runs on the base branch, whose commit GITHUB_SHA is.
 */
function ofGitHub(facts: CiFacts, env: Env): CiFacts {
  const event = env.GITHUB_EVENT_NAME ?? "";
  const isOfBranch = event === "pull_request_target";
  const head = event.startsWith("pull_request") && !isOfBranch ? pullRequestHead(env) : null;
  const ref = env.GITHUB_REF_NAME?.trim() || null;
  return {
    ...facts,
    commit: head ?? facts.commit,
    merge: head === null || head === facts.commit ? null : facts.commit,
    branch:
      (isOfBranch ? null : env.GITHUB_HEAD_REF?.trim() || null) ??
      (env.GITHUB_REF_TYPE === "branch" ? ref : null),
    tag: env.GITHUB_REF_TYPE === "tag" ? ref : null,
  };
}

function pullRequestHead(env: Env): string | null {
  if (!env.GITHUB_EVENT_PATH) return null;
  try {
    const event: unknown = JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, "utf8"));
    const head = (event as { pull_request?: { head?: { sha?: unknown } } } | null)?.pull_request
      ?.head?.sha;
    return typeof head === "string" ? parseCommit(head) : null;
  } catch {
    // Without the event file GITHUB_SHA is the best there is.
    return null;
  }
}
