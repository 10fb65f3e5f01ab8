/**
 * Everything that a deployment touches, on loopback: a real ledger on this repository's `convex/`,
 * a public address, an issuer that signs as GitHub does with the endpoint that hands out its tokens,
 * and `tideline` run in this process.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, type Terminal } from "@tideline/cli";
import { type RunningServer, startServer } from "@tideline/embedded";
import { writeVersionFile } from "@tideline/stamp";
import {
  type BuildId,
  type BuildStamp,
  FUNCTION_NAMES,
  type LatestDeployment,
} from "@tideline/version";
import { ConvexHttpClient } from "convex/browser";
import { OidcIssuer, RUN_SHA, type TokenParts } from "../oidc/issuer.js";
import { CONVEX, TRUST } from "../oidc/rig.js";
import { json, Site } from "./site.js";

export { RUN_SHA } from "../oidc/issuer.js";
export { json, page, Site } from "./site.js";

/** The ledger's record token. */
export const TOKEN = "a-record-token-that-the-rig-knows";

const REQUEST_TOKEN = "the-token-of-this-job-alone";

/** How one command ended. */
export interface CommandRun {
  readonly code: number;
  readonly output: string;
  /** A line each. */
  readonly log: readonly string[];
}

/** How to run one. */
export interface RunOptions {
  /** Besides CONVEX_URL and the record token; undefined takes one of them away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Told of every line of the log as it comes. */
  readonly onLog?: (line: string) => void;
}

/** One ledger, one site, one folder. */
export class DeployRig {
  readonly server: RunningServer;
  readonly site: Site;
  readonly issuer: OidcIssuer;
  /** Hands out the issuer's tokens to who shows the job's own. */
  readonly tokens: Site;
  /** A fresh folder, for dist and tideline.config.json. */
  readonly folder: string;
  /** What the next tokens are made of. */
  nextTokens: TokenParts[] = [];

  private constructor(
    server: RunningServer,
    sites: [Site, Site],
    issuer: OidcIssuer,
    folder: string,
  ) {
    this.server = server;
    [this.site, this.tokens] = sites;
    this.issuer = issuer;
    this.folder = folder;
    this.tokens.answers.set("/token", (request, response) => {
      if (request.headers.authorization !== `bearer ${REQUEST_TOKEN}`) {
        json({ message: "who are you" }, 401)(request, response);
        return;
      }
      const audience = new URL(request.url ?? "", this.tokens.url).searchParams.get("audience");
      const { claims, ...parts } = this.nextTokens.shift() ?? {};
      const value = issuer.token({ ...parts, claims: { aud: audience, ...claims } });
      json({ count: 1, value })(request, response);
    });
  }

  static async open(env: Readonly<Record<string, string>> = {}): Promise<DeployRig> {
    const folder = await mkdtemp(join(tmpdir(), "tideline-deploy-"));
    const issuer = await OidcIssuer.start();
    const server = await startServer({
      dir: CONVEX,
      data: join(folder, ".data"),
      port: 0,
      sitePort: 0,
      env: {
        TIDELINE_RECORD_TOKEN: TOKEN,
        TIDELINE_GITHUB_ISSUER: issuer.url,
        TIDELINE_GITHUB_TRUST: JSON.stringify(TRUST),
        ...env,
      },
      log: () => {},
    });
    return new DeployRig(server, [await Site.start(), await Site.start()], issuer, folder);
  }

  /** Runs `tideline` in the folder, with the record token. */
  async tideline(args: readonly string[], options: RunOptions = {}): Promise<CommandRun> {
    const log: string[] = [];
    let output = "";
    const terminal: Terminal = {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH,
        CONVEX_URL: this.server.url,
        TIDELINE_RECORD_TOKEN: TOKEN,
        ...options.env,
      },
      print: (line) => {
        output += `${line}\n`;
      },
      log: (line) => {
        log.push(line);
        options.onLog?.(line);
      },
      signal: options.signal ?? new AbortController().signal,
    };
    return { code: await run(args, terminal), output, log };
  }

  /** The variables of a job of GitHub Actions that may prove who it is, and has no record token. */
  job(extra: Readonly<Record<string, string | undefined>> = {}) {
    return {
      TIDELINE_RECORD_TOKEN: undefined,
      CONVEX_SITE_URL: this.server.siteUrl,
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_SHA: RUN_SHA,
      GITHUB_REF_TYPE: "branch",
      GITHUB_REF_NAME: "main",
      GITHUB_RUN_ID: "31337",
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_JOB: "record",
      ACTIONS_ID_TOKEN_REQUEST_URL: `${this.tokens.url}token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
      ...extra,
    };
  }

  /** Writes the folder's version.json, as the artifact of a build has it. */
  async writeStamp(stamp: BuildStamp): Promise<void> {
    await writeVersionFile(join(this.folder, "version.json"), stamp);
  }

  /** Writes a file of the folder. */
  async write(name: string, content: string | object): Promise<void> {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await writeFile(join(this.folder, name), text);
  }

  /** What the ledger says is live; with a build id, what it knows of that build too. */
  async live(appName: string, buildId?: string): Promise<LatestDeployment | null> {
    return await this.query(FUNCTION_NAMES.watchLatestDeployment, {
      ...{ appName, environment: "staging" },
      ...(buildId !== undefined && { buildId }),
    });
  }

  /** The history, newest first. */
  async history(appName: string): Promise<readonly Record<string, unknown>[]> {
    const args = {
      appName,
      environment: "staging",
      paginationOpts: { numItems: 100, cursor: null },
    };
    const { page } = await this.query<{ page: Record<string, unknown>[] }>(
      FUNCTION_NAMES.listDeployments,
      args,
    );
    return page;
  }

  async query<Answer>(path: string, args: Readonly<Record<string, unknown>>): Promise<Answer> {
    return (await this.#client().query(path as never, args as never)) as Answer;
  }

  async mutation<Answer>(path: string, args: Readonly<Record<string, unknown>>): Promise<Answer> {
    const all = { ...args, token: TOKEN };
    return (await this.#client().mutation(path as never, all as never)) as Answer;
  }

  #client(): ConvexHttpClient {
    return new ConvexHttpClient(this.server.url, {
      skipConvexDeploymentUrlCheck: true,
      logger: false,
    });
  }

  async close(): Promise<void> {
    await this.server.close();
    for (const server of [this.site, this.tokens, this.issuer]) await server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The stamp of the build with this letter: commit, version and build id follow from it. */
export function stampOf(
  letter: string,
  appName: string,
  extra: Partial<BuildStamp> = {},
): BuildStamp {
  return {
    appName,
    environment: "staging",
    buildId: `build-${letter}` as BuildId,
    version: `1.0.${letter.charCodeAt(0) - 97}`,
    gitCommit: letter.repeat(40),
    gitBranch: "main",
    gitDirty: false,
    gitTag: null,
    buildNumber: 1,
    buildTime: 1_700_000_000_000,
    commitTime: null,
    ...extra,
  };
}
