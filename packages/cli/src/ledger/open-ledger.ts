/**
 * Which way to the ledger there is from here: its functions with the record token, or its route
 * `POST /deployments` with the record token or with GitHub's word for who this job is.
 */
import { FUNCTION_NAMES } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";
import { callFunction } from "./call-ledger.js";
import { callRoute, type RouteAction, type RouteOptions } from "./call-route.js";
import { convexUrl } from "./convex-url.js";
import { findGitHubIdentity, nameOfEndpoint, requestIdentityToken } from "./github-identity.js";
import { findRecordToken, TOKEN_FILE } from "./record-token.js";
import { functionsUrl, siteUrl } from "./site-url.js";
import type { CallOptions } from "./with-retries.js";

/** What a caller says of the ledger; options go before environment variables. */
export interface LedgerOptions {
  readonly url?: string | undefined;
  readonly siteUrl?: string | undefined;
  readonly token?: string | undefined;
  readonly env: Env;
  readonly cwd: string;
}

/** How one call is made. */
export type AskOptions = Omit<CallOptions, "url">;

/** The ledger as this process may reach it. */
export interface Ledger {
  /** What proves the caller. */
  readonly identity: "token" | "github";
  /** Where the functions are; null where only the route is known. */
  readonly functionsUrl: string | null;
  /** Announces, records or ends an announcement. */
  readonly ask: (
    action: RouteAction,
    args: Readonly<Record<string, unknown>>,
    options: AskOptions,
  ) => Promise<unknown>;
  /** Calls a function that the route does not have, such as a query or a hold. */
  readonly call: (
    kind: "mutation" | "query",
    path: string,
    args: Readonly<Record<string, unknown>>,
    options: AskOptions,
  ) => Promise<unknown>;
}

const FUNCTIONS = {
  begin: FUNCTION_NAMES.announceDeployment,
  finish: FUNCTION_NAMES.recordDeployment,
  abort: FUNCTION_NAMES.abortDeployment,
} as const;

/**
 * Opens the way to the ledger. Talks to nobody yet.
 *
 * The record token goes first, where there is one: to the functions if their address is known, else
 * to the route. Without one, a job of GitHub Actions that may ask for its identity uses that.
 *
 * @throws {CommandError} `usage`, if there is no address or nothing that proves the caller.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { env, cwd } = options;
  const { url, site } = addressesOf(options);
  const token = options.token ?? (await findRecordToken(env, cwd));
  if (token !== null) {
    if (url !== null) return throughFunctions(url, token);
    if (site !== null) return throughRoute(site, null, { bearer: async () => token }, token);
    return throughFunctions(convexUrl(env, options.url), token);
  }
  const identity = findGitHubIdentity(env);
  if (identity === null) {
    // Says so if there is no address either.
    if (url === null && site === null) convexUrl(env, options.url);
    throw new CommandError("usage", noCredential(env));
  }
  if (site === null) {
    throw new CommandError(
      "usage",
      "Cannot record with GitHub's identity: the address of the HTTP actions is not known, set CONVEX_SITE_URL or use --site-url",
    );
  }
  const audience = env.TIDELINE_OIDC_AUDIENCE?.trim() || site;
  const bearer = (signal: AbortSignal) => requestIdentityToken(identity, audience, signal);
  return throughRoute(site, url, { bearer, bearerFrom: nameOfEndpoint(identity) }, null);
}

/**
 * Gives where the deployment would be sent, for people.
 *
 * @throws {CommandError} `usage`, if there is no address.
 */
export function ledgerAddress(options: LedgerOptions): string {
  const { url, site } = addressesOf(options);
  return url ?? site ?? convexUrl(options.env, options.url);
}

function addressesOf(options: LedgerOptions): { url: string | null; site: string | null } {
  const { env } = options;
  const isNamed = [options.url, env.CONVEX_URL, env.CONVEX_SELF_HOSTED_URL].some((url) =>
    url?.trim(),
  );
  const named = isNamed ? convexUrl(env, options.url) : null;
  const site = siteUrl(env, options.siteUrl, named);
  return { url: named ?? functionsUrl(site), site };
}

function noCredential(env: Env): string {
  const token = `set TIDELINE_RECORD_TOKEN or keep it in "${TOKEN_FILE}"`;
  return env.GITHUB_ACTIONS === "true"
    ? `Cannot record: there is no record token and this job may not prove who it is; add "permissions: id-token: write" to the job, or ${token}`
    : `Cannot record: there is no record token, ${token}; a job of GitHub Actions with "permissions: id-token: write" needs none`;
}

function throughFunctions(url: string, token: string): Ledger {
  return {
    identity: "token",
    functionsUrl: url,
    ask: (action, args, options) =>
      callFunction("mutation", FUNCTIONS[action], { ...args, token }, { ...options, url }),
    call: (kind, path, args, options) =>
      callFunction(kind, path, withToken(kind, path, args, token), { ...options, url }),
  };
}

function throughRoute(
  site: string,
  url: string | null,
  proof: Pick<RouteOptions, "bearer" | "bearerFrom">,
  token: string | null,
): Ledger {
  return {
    identity: token === null ? "github" : "token",
    functionsUrl: url,
    ask: (action, args, options) => callRoute(action, args, { ...options, ...proof, url: site }),
    call: async (kind, path, args, options) => {
      if (kind === "mutation" && token === null) {
        throw new CommandError(
          "usage",
          `Cannot ${options.doing}: GitHub's identity may record and announce, and no more; set TIDELINE_RECORD_TOKEN`,
        );
      }
      if (url === null) {
        throw new CommandError(
          "usage",
          `Cannot ${options.doing}: the address of the functions is not known, set CONVEX_URL or use --url`,
        );
      }
      return await callFunction(kind, path, withToken(kind, path, args, token), {
        ...options,
        url,
      });
    },
  };
}

/** The history may be private; what is live is everybody's, and its query knows no token. */
function withToken(
  kind: "mutation" | "query",
  path: string,
  args: Readonly<Record<string, unknown>>,
  token: string | null,
): Readonly<Record<string, unknown>> {
  const isPublic = kind === "query" && path === FUNCTION_NAMES.watchLatestDeployment;
  return token === null || isPublic ? args : { ...args, token };
}
