/**
 * GitHub's word for who a job is: a signed token that lives for minutes and names repository, run
 * and commit. Nothing of it is ever printed or kept.
 */
import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";
import { fetchWhole, LedgerHttpError, parseObject, UnreachableError } from "./ledger-http.js";

/** Where a job asks for its tokens. */
export interface GitHubIdentity {
  readonly requestUrl: URL;
  readonly requestToken: string;
}

/** Gives where this job asks for its tokens; null outside GitHub Actions and in a job that may not. */
export function findGitHubIdentity(env: Env): GitHubIdentity | null {
  const requestToken = env.ACTIONS_ID_TOKEN_REQUEST_TOKEN?.trim();
  const url = env.ACTIONS_ID_TOKEN_REQUEST_URL?.trim();
  if (!requestToken || !url || !URL.canParse(url)) return null;
  const requestUrl = new URL(url);
  return /^https?:$/.test(requestUrl.protocol) ? { requestUrl, requestToken } : null;
}

/** Names where a job asks, for people. */
export function nameOfEndpoint({ requestUrl }: GitHubIdentity): string {
  return `GitHub's token endpoint at ${requestUrl.origin}`;
}

/**
 * Asks GitHub for a fresh token. Each is good for one request, so each attempt needs its own.
 *
 * @param audience Whom the token is for; the ledger takes no other one's.
 * @throws {UnreachableError | LedgerHttpError} If trying again may help.
 * @throws {CommandError} `failed`, if it will not.
 */
export async function requestIdentityToken(
  identity: GitHubIdentity,
  audience: string,
  signal: AbortSignal,
): Promise<string> {
  const { requestUrl, requestToken } = identity;
  const url = new URL(requestUrl);
  url.searchParams.set("audience", audience);
  const { status, body } = await fetchWhole(url, {
    headers: { accept: "application/json", authorization: `bearer ${requestToken}` },
    // A redirection would carry the job's own token elsewhere.
    redirect: "error",
    signal,
  }).catch((cause: unknown) => {
    if (!(cause instanceof UnreachableError)) throw cause;
    const message = `no token from ${nameOfEndpoint(identity)}: ${cause.message}`;
    throw new UnreachableError(message, { isPermanent: cause.isPermanent, cause });
  });
  if (status === 408 || status === 429 || status >= 500) {
    throw new LedgerHttpError(
      status,
      `no token from ${nameOfEndpoint(identity)}: status ${status}`,
    );
  }
  const token = status === 200 ? parseObject(body)?.value : undefined;
  if (typeof token === "string" && token !== "") return token;
  // Nothing of the answer is repeated, because a token may be in it.
  throw new CommandError(
    "failed",
    `Cannot prove who this job is: expected a token from GitHub, got ${status === 200 ? "an answer without one" : `status ${status}`}`,
  );
}
