/**
 * A token issuer like GitHub's on loopback: real RSA keys, a JWKS over HTTP, and tokens with the
 * claims of a workflow run. Signs with Node's own crypto, so that what verifies them is held to
 * something else than itself.
 */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Claims = Readonly<Record<string, unknown>>;

/** What a token is made of; undefined leaves a claim or a field out. */
export interface TokenParts {
  readonly claims?: Claims;
  readonly header?: Claims;
  /** In place of the signature by the issuer's newest key. */
  readonly sign?: (input: string) => Buffer;
}

interface Key {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The commit that the runs of this issuer run on, where a test says no other. */
export const RUN_SHA = "0123456789abcdef0123456789abcdef01234567";

/** A running issuer. */
export class OidcIssuer {
  /** "http://127.0.0.1:…": the claim `iss`. */
  readonly url: string;
  /** The claim `aud` of its tokens, once it is known. */
  audience = "";
  /** How the JWKS is answered; null: as it should be. */
  answer: ((url: string) => { status: number; body: string; location?: string }) | null = null;
  /** How often the JWKS was asked for. */
  fetches = 0;
  readonly #keys: Key[] = [makeKey()];
  readonly #server: ReturnType<typeof createServer>;
  #tokens = 0;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<OidcIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const issuer = new OidcIssuer(server);
    server.on("request", (request, response) => {
      issuer.fetches += 1;
      const path = request.url ?? "";
      const { status, body, location } =
        issuer.answer?.(path) ??
        (path === "/.well-known/jwks"
          ? { status: 200, body: issuer.jwks() }
          : { status: 404, body: "" });
      response.writeHead(status, {
        "Content-Type": "application/json",
        ...(location !== undefined && { Location: location }),
      });
      response.end(body);
    });
    return issuer;
  }

  /** The newest key, by which tokens are signed. */
  get key(): Key {
    return this.#keys.at(-1) as Key;
  }

  /** Adds a key, by which tokens are signed from now on. */
  rotate(): void {
    this.#keys.push(makeKey());
  }

  /** Withdraws the oldest key. */
  withdraw(): void {
    this.#keys.shift();
  }

  jwks(): string {
    const keys = this.#keys.map(({ kid, publicKey }) => ({
      ...publicKey.export({ format: "jwk" }),
      ...{ kid, alg: "RS256", use: "sig" },
    }));
    return JSON.stringify({ keys });
  }

  /** The claims of a push to main of acme/shop, made out now for five minutes. */
  claims(): Claims {
    const now = Math.floor(Date.now() / 1000);
    this.#tokens += 1;
    return {
      iss: this.url,
      aud: this.audience,
      sub: "repo:acme/shop:ref:refs/heads/main",
      jti: `token-${this.#tokens}`,
      iat: now,
      nbf: now - 600,
      exp: now + 300,
      repository: "acme/shop",
      repository_id: "1001",
      repository_owner: "acme",
      repository_owner_id: "2002",
      event_name: "push",
      ref: "refs/heads/main",
      ref_type: "branch",
      sha: RUN_SHA,
      job_workflow_ref: "acme/shop/.github/workflows/deploy.yml@refs/heads/main",
      run_id: "31337",
      run_attempt: "1",
      run_number: "7",
    };
  }

  token({ claims = {}, header = {}, sign = (input) => this.sign(input) }: TokenParts = {}): string {
    const head = { typ: "JWT", alg: "RS256", kid: this.key.kid, ...header };
    const input = `${encode(head)}.${encode({ ...this.claims(), ...claims })}`;
    return `${input}.${sign(input).toString("base64url")}`;
  }

  sign(input: string, key: KeyObject = this.key.privateKey): Buffer {
    return sign("sha256", Buffer.from(input), key);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let keys = 0;

function makeKey(): Key {
  keys += 1;
  return { kid: `key-${keys}`, ...generateKeyPairSync("rsa", { modulusLength: 2048 }) };
}

function encode(part: Claims): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
