import type { Infer } from "convex/values";
import { v } from "convex/values";
import { ledgerError } from "../model/ledger-error.js";
import { show } from "../model/show.js";

/** What a verified token says of the workflow run that it was made for. */
export const githubRun = v.object({
  /** The token's own name; good once. */
  jti: v.string(),
  /** ms since epoch. */
  expiresAt: v.number(),
  /** "owner/name", for people: a name can be taken over. */
  repository: v.string(),
  repositoryId: v.string(),
  ownerId: v.string(),
  eventName: v.string(),
  /** "refs/heads/main" or "refs/tags/v1.2.3". */
  ref: v.string(),
  sha: v.string(),
  environment: v.union(v.string(), v.null()),
  jobWorkflowRef: v.union(v.string(), v.null()),
  runId: v.string(),
  runAttempt: v.string(),
});

/** What a verified token says of the workflow run that it was made for. */
export type GithubRun = Infer<typeof githubRun>;

const NUMBER = /^[1-9]\d{0,18}$/;
const NAME = /^.{1,1000}$/;

/**
 * Reads a run out of a token's claims.
 *
 * @param claims Of a token whose signature is good.
 * @throws {ConvexError} UNAUTHENTICATED if a claim that every run has is missing.
 */
export function toGithubRun(claims: Readonly<Record<string, unknown>>): GithubRun {
  const text = (name: string, form: RegExp) => {
    const value = typeof claims[name] === "number" ? String(claims[name]) : claims[name];
    if (typeof value === "string" && form.test(value)) return value;
    throw ledgerError(
      "UNAUTHENTICATED",
      `Cannot accept the OIDC token: expected the claim ${name} of a GitHub Actions run, got ${show(claims[name])}`,
    );
  };
  const optional = (name: string) => (claims[name] === undefined ? null : text(name, NAME));
  return {
    jti: text("jti", /^.{1,256}$/),
    expiresAt: Number(claims.exp) * 1000,
    repository: text("repository", /^[\w.-]{1,100}\/[\w.-]{1,100}$/),
    repositoryId: text("repository_id", NUMBER),
    ownerId: text("repository_owner_id", NUMBER),
    eventName: text("event_name", NAME),
    ref: text("ref", NAME),
    sha: text("sha", /^[0-9a-f]{40,64}$/),
    environment: optional("environment"),
    jobWorkflowRef: optional("job_workflow_ref"),
    runId: text("run_id", NUMBER),
    runAttempt: text("run_attempt", NUMBER),
  };
}

/** Gives the address of the run's page, on GitHub or on the server that signed the token. */
export function runUrl(run: GithubRun, issuer: string): string {
  const { origin, hostname } = new URL(issuer);
  const server = hostname.endsWith(".githubusercontent.com") ? "https://github.com" : origin;
  return `${server}/${run.repository}/actions/runs/${run.runId}/attempts/${run.runAttempt}`;
}
