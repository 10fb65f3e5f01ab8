/**
 * `POST /deployments`: announce, record and abort for callers that speak HTTP, with the record token
 * or with the OIDC token of a GitHub Actions run.
 * Does not decide who is trusted (see github/) nor what a record means (see model/).
 */
import type { AnnounceAnswer, RecordAnswer } from "@tideline/version";
import type { GenericActionCtx, GenericDataModel, RouteSpecWithPath } from "convex/server";
import { httpActionGeneric, makeFunctionReference } from "convex/server";
import type { SigningKey } from "../github/fetch-keys.js";
import { fetchKeys } from "../github/fetch-keys.js";
import type { IssuerKeys, KeySource } from "../github/find-key.js";
import { findKey } from "../github/find-key.js";
import type { GithubRun } from "../github/github-run.js";
import { toGithubRun } from "../github/github-run.js";
import { requireTrustEntries } from "../github/require-trust-entries.js";
import { isSignedToken, verifyToken } from "../github/verify-token.js";
import { ledgerError } from "../model/ledger-error.js";
import { githubIssuer, oidcAudience } from "../model/settings.js";
import { errorResponse } from "./error-response.js";
import type { Change } from "./read-change.js";
import { readChange } from "./read-change.js";

type Ctx = Pick<GenericActionCtx<GenericDataModel>, "runQuery" | "runMutation">;
type Answer = AnnounceAnswer | RecordAnswer | { ok: true } | { ok: false };

// By path, because the ledger cannot import the generated `api` of the app that re-exports it.
const mutation = <Args extends Record<string, unknown>, Returns>(name: string) =>
  makeFunctionReference<"mutation", Args, Returns>(`deployments:${name}`);
const WITH_TOKEN = {
  begin: mutation<Record<string, unknown>, Answer>("announceDeployment"),
  finish: mutation<Record<string, unknown>, Answer>("recordDeployment"),
  abort: mutation<Record<string, unknown>, Answer>("abortDeployment"),
};
const CHANGE_FROM_GITHUB = mutation<{ run: GithubRun; change: Change }, Answer>("changeFromGithub");
const CLAIM_KEY_FETCH = mutation<{ issuer: string }, boolean>("claimKeyFetch");
const SETTLE_KEY_FETCH = mutation<{ issuer: string; keys: SigningKey[] | null }, null>(
  "settleKeyFetch",
);
const READ_ISSUER_KEYS = makeFunctionReference<"query", { issuer: string }, IssuerKeys | null>(
  "deployments:readIssuerKeys",
);

/**
 * The route through which CI announces, records and aborts without a secret of its own; the
 * ledger's functions have to be in `convex/deployments.ts`.
 *
 * Takes JSON `{action: "begin" | "finish" | "abort", …arguments}` with a bearer token. Answers 200
 * with the mutation's answer, 409 with its refusal, else `{code, message}`: 400, 401, 403, 413, 415,
 * 500 (INVALID_SETTING) or 503 (ISSUER_UNAVAILABLE).
 *
 * @example
 * const http = httpRouter();
 * http.route(deploymentsRoute);
 * export default http;
 */
export const deploymentsRoute: RouteSpecWithPath = {
  path: "/deployments",
  method: "POST",
  handler: httpActionGeneric(async (ctx, request) => {
    try {
      const token = bearerToken(request);
      const change = await readChange(request);
      const answer = isSignedToken(token)
        ? await changeFromGithub(ctx, token, change)
        : await changeWithToken(ctx, token, change);
      const headers = { "Cache-Control": "no-store" };
      return Response.json(answer, { status: answer.ok ? 200 : 409, headers });
    } catch (error) {
      return errorResponse(error);
    }
  }),
};

function bearerToken(request: Request): string {
  const header = request.headers.get("authorization") ?? "";
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (token !== undefined) return token;
  throw ledgerError(
    "UNAUTHENTICATED",
    `Cannot change a deployment: expected the header "Authorization: Bearer …" with the record token or an OIDC token, got ${header === "" ? "none" : "another"}`,
  );
}

function changeWithToken(ctx: Ctx, token: string, change: Change): Promise<Answer> {
  const { action, ...args } = change;
  return ctx.runMutation(WITH_TOKEN[action], { ...args, token });
}

async function changeFromGithub(ctx: Ctx, token: string, change: Change): Promise<Answer> {
  // Nothing is looked up or fetched for a token that nobody could trust.
  requireTrustEntries();
  const issuer = githubIssuer();
  const expected = { issuer, audience: oidcAudience(), now: Date.now() };
  const source = keySource(ctx, issuer);
  const claims = await verifyToken(token, expected, (kid) => findKey(kid, source));
  return await ctx.runMutation(CHANGE_FROM_GITHUB, { run: toGithubRun(claims), change });
}

function keySource(ctx: Ctx, issuer: string): KeySource {
  return {
    issuer,
    read: () => ctx.runQuery(READ_ISSUER_KEYS, { issuer }),
    claimFetch: () => ctx.runMutation(CLAIM_KEY_FETCH, { issuer }),
    fetchKeys: () => fetchKeys(issuer, fetch),
    async settleFetch(keys) {
      await ctx.runMutation(SETTLE_KEY_FETCH, { issuer, keys: keys && [...keys] });
    },
    now: () => Date.now(),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}
