/** The embedded server with the ledger's route on its site port, and an issuer that it trusts. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunningServer } from "@tideline/embedded";
import { startServer } from "@tideline/embedded";
import { Rig, TOKEN } from "../../../ledger/src/suite/rig.js";
import { officialClient } from "../ledger/official-client.js";
import { OidcIssuer, RUN_SHA, type TokenParts } from "./issuer.js";

/** This repository's own folder. */
export const CONVEX = fileURLToPath(new URL("../../../../convex", import.meta.url));
/** The same functions, and some that let time pass. */
export const CONVEX_WITH_CLOCK = fileURLToPath(new URL("app", import.meta.url));

/** What acme/shop may do in these tests. */
export const TRUST = [
  { repository_id: 1001, repository_owner_id: 2002, ref: "refs/heads/main" },
  { repository_id: 1001, repository_owner_id: 2002, ref: "refs/tags/v*" },
];

/** An answer of the route. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> & { code?: string; message?: string };
  readonly headers: Headers;
}

export class OidcRig {
  readonly issuer: OidcIssuer;
  readonly server: RunningServer;
  readonly client: ReturnType<typeof officialClient>;
  readonly #data: string;

  private constructor(issuer: OidcIssuer, server: RunningServer, data: string) {
    this.issuer = issuer;
    this.server = server;
    this.client = officialClient(server.url, server.adminKey);
    this.#data = data;
  }

  static async start(dir = CONVEX, trust: unknown = TRUST): Promise<OidcRig> {
    const issuer = await OidcIssuer.start();
    const data = await mkdtemp(join(tmpdir(), "tideline-oidc-"));
    const server = await startServer({
      ...{ dir, data, port: 0, sitePort: 0, log: () => {} },
      env: {
        TIDELINE_RECORD_TOKEN: TOKEN,
        TIDELINE_GITHUB_ISSUER: issuer.url,
        TIDELINE_GITHUB_TRUST: JSON.stringify(trust),
      },
    });
    // What a deployment expects by default: its own site URL.
    issuer.audience = server.siteUrl;
    return new OidcRig(issuer, server, data);
  }

  /** A fresh target. */
  target(): Rig {
    return new Rig(this.client);
  }

  /** The body of a finish of the commit that the issuer's runs run on. */
  finish(target: Rig, extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const { token, ...record } = target.args("a", { gitCommit: RUN_SHA });
    return { action: "finish", ...record, ...extra };
  }

  begin(target: Rig, extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const { buildNumber, buildTime, ...build } = this.finish(target);
    return { ...build, action: "begin", ...extra };
  }

  abort(target: Rig, buildId = "build-a"): Record<string, unknown> {
    return { action: "abort", ...target.name, buildId };
  }

  /** Posts with a fresh token of these parts, or with the token that is given. */
  post(body: unknown, token: TokenParts | string = {}): Promise<Answer> {
    const bearer = typeof token === "string" ? token : this.issuer.token(token);
    return this.request({
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${bearer}` },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  async request(init: RequestInit): Promise<Answer> {
    const response = await fetch(`${this.server.siteUrl}/deployments`, { method: "POST", ...init });
    const body = (await response.json()) as Answer["body"];
    return { status: response.status, body, headers: response.headers };
  }

  /** Runs with other values of variables and puts the rig's own back. */
  async withVariables(
    values: Readonly<Record<string, string>>,
    run: () => Promise<void>,
  ): Promise<void> {
    for (const [name, value] of Object.entries(values)) await this.client.setVariable(name, value);
    try {
      await run();
    } finally {
      for (const name of Object.keys(values)) await this.client.setVariable(name, null);
    }
  }

  /** With CONVEX_WITH_CLOCK: lets time pass for keys and used tokens. */
  async age(ms: number): Promise<void> {
    await this.client.mutation("clock:age", { ms });
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.server.close();
    await this.issuer.close();
    await rm(this.#data, { recursive: true });
  }
}
