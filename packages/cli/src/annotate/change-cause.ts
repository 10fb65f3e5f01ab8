import type { Env } from "../terminal.js";

/** What a rollout is about. */
export interface Cause {
  readonly service: string;
  readonly version: string;
  /** The full SHA; null where there is none. */
  readonly revision: string | null;
  /** Where the CI run can be read; null outside CI. */
  readonly runUrl: string | null;
}

/**
 * Gives the text that `kubectl rollout history` shows.
 *
 * @example
 * changeCause({ service: "api", version: "4.20.5", revision: "b61d…", runUrl: null }) // "api 4.20.5 b61d…"
 */
export function changeCause({ service, version, revision, runUrl }: Cause): string {
  return [service, version, revision, runUrl].filter((part) => part !== null).join(" ");
}

/** Gives the address of the CI run that this process is part of; null where none is known. */
export function runUrl(env: Env): string | null {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = env;
  if (GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID) {
    return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
  }
  const named = ["CI_JOB_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL", "BUILD_URL"];
  return named.map((name) => env[name]?.trim()).find((url) => url) ?? null;
}
