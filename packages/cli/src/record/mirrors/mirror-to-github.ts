import { networkReason } from "../../network-reason.js";
import type { Env } from "../../terminal.js";
import { withinTime } from "../../within-time.js";
import type { TakenDeployment } from "./mirror-deployment.js";

const TIMEOUT_MS = 15_000;

/**
 * Makes a GitHub Deployment with the status `success`, so that GitHub's pages show what is live.
 *
 * @throws {Error} With a reason that begins in lower case, if GitHub did not take it.
 */
export async function mirrorToGitHub(
  { answer, record, probes }: TakenDeployment,
  env: Env,
  signal: AbortSignal,
): Promise<void> {
  const token = env.GITHUB_TOKEN?.trim();
  const repository = env.GITHUB_REPOSITORY?.trim() ?? "";
  if (!token) throw new Error("expected GITHUB_TOKEN, got none");
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new Error(`expected GITHUB_REPOSITORY as "owner/name", got "${repository}"`);
  }
  const { appName, environment, version, gitCommit } = record;
  const ref = gitCommit.replace(/-dirty$/, "");
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(ref)) {
    throw new Error(`expected a build that tells its commit, got one of "${gitCommit}"`);
  }
  const api = (env.GITHUB_API_URL?.trim() || "https://api.github.com").replace(/\/+$/, "");
  const deployments = `${api}/repos/${repository}/deployments`;
  const created = await post(deployments, token, signal, {
    ref,
    task: `deploy:${appName}`,
    environment,
    description: `${appName} ${version}`,
    production_environment: environment === "production",
    payload: { appName, version, buildId: answer.buildId, epoch: answer.epoch },
    // By default GitHub would merge the default branch into the ref, and demand all its checks.
    auto_merge: false,
    required_contexts: [],
  });
  if (typeof created.id !== "number") throw new Error("expected the id of a deployment, got none");
  await post(`${deployments}/${created.id}/statuses`, token, signal, {
    state: "success",
    description: `Epoch ${answer.epoch}`,
    ...(probes[0] !== undefined && { environment_url: probes[0] }),
    ...runUrl(env, repository),
    // Another service's deployment to the same environment stays the active one of that service.
    auto_inactive: false,
  });
}

async function post(
  url: string,
  token: string,
  signal: AbortSignal,
  body: object,
): Promise<{ readonly id?: unknown }> {
  const { status, json } = await withinTime(TIMEOUT_MS, send, { signal }).catch((error) => {
    throw new Error(networkReason(error));
  });
  if (status === 201) return json;
  const why = typeof json.message === "string" ? ` (${json.message.slice(0, 200)})` : "";
  throw new Error(`expected status 201 from ${url}, got ${status}${why}`);

  async function send(stop: AbortSignal) {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "user-agent": "tideline",
        "x-github-api-version": "2022-11-28",
      },
      body: JSON.stringify(body),
      redirect: "error",
      signal: stop,
    });
    const answer: unknown = await response.json().catch(() => null);
    return {
      status: response.status,
      json: (answer ?? {}) as { readonly id?: unknown; readonly message?: unknown },
    };
  }
}

function runUrl(env: Env, repository: string): { log_url?: string } {
  const { GITHUB_RUN_ID, GITHUB_SERVER_URL = "https://github.com" } = env;
  return GITHUB_RUN_ID
    ? { log_url: `${GITHUB_SERVER_URL}/${repository}/actions/runs/${GITHUB_RUN_ID}` }
    : {};
}
