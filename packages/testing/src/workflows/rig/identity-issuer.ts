/** GitHub's side of keyless recording: signs who a job is, with a key of its own, and shows the key. */
import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { serve } from "../../serve.js";
import type { JobIdentity } from "../runner/machine.js";

/** Who the repository is to GitHub. */
export interface RepositoryIdentity {
  readonly repository: string;
  readonly repositoryId: string;
  readonly ownerId: string;
}

/** The running service. */
export interface IdentityIssuer {
  /** What its tokens name as their issuer; the keys are below it. */
  readonly url: string;
  /** Gives what a job that may ask for tokens finds in its environment. */
  readonly grant: (identity: JobIdentity) => Record<string, string>;
  /** How many tokens were given out. */
  readonly issued: () => number;
  readonly close: () => Promise<void>;
}

/** Starts the service on a free port of this machine. */
export async function startIdentityIssuer(of: RepositoryIdentity): Promise<IdentityIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const key = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
  const grants = new Map<string, JobIdentity>();
  let issued = 0;
  const { url, close } = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const send = (status: number, body: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (pathname === "/.well-known/jwks") return send(200, { keys: [key] });
    const bearer = /^bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const identity = grants.get(bearer);
    if (pathname !== "/token" || identity === undefined) return send(401, {});
    issued++;
    const audience = searchParams.get("audience") ?? `https://github.com/${of.repository}`;
    new SignJWT(claimsOf(of, identity))
      .setProtectedHeader({ alg: "RS256", kid: "one", typ: "JWT" })
      .setIssuer(url)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt()
      .setNotBefore("-10m")
      .setExpirationTime("5m")
      .sign(privateKey)
      .then(
        (value) => send(200, { value }),
        (error: unknown) => send(500, { message: String(error) }),
      );
  });
  return {
    url,
    grant: (identity) => {
      const token = randomUUID();
      grants.set(token, identity);
      return {
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
        ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?api-version=2.0`,
      };
    },
    issued: () => issued,
    close,
  };
}

function claimsOf(
  { repository, repositoryId, ownerId }: RepositoryIdentity,
  { environment, workflowPath, jobPath, event, runId, runAttempt }: JobIdentity,
): Record<string, string> {
  const [owner = ""] = repository.split("/");
  const place = environment === null ? `ref:${event.ref}` : `environment:${environment}`;
  return {
    sub: `repo:${repository}:${place}`,
    actor: "ada",
    actor_id: "1",
    event_name: event.name,
    job_workflow_ref: `${repository}/${jobPath}@${event.ref}`,
    job_workflow_sha: event.sha,
    ref: event.ref,
    ref_protected: "true",
    ref_type: event.ref.startsWith("refs/tags/") ? "tag" : "branch",
    repository,
    repository_id: repositoryId,
    repository_owner: owner,
    repository_owner_id: ownerId,
    repository_visibility: "private",
    run_attempt: String(runAttempt),
    run_id: String(runId),
    run_number: String(runId),
    runner_environment: "github-hosted",
    sha: event.sha,
    workflow_ref: `${repository}/${workflowPath}@${event.ref}`,
    workflow_sha: event.sha,
    ...(environment !== null && { environment }),
  };
}
