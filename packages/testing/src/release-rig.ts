/**
 * The whole street in one process: real builds of this repository's apps behind the site host, a
 * real embedded server on this repository's `convex/`, a gateway for marketing, and records by the
 * CLI's own function.
 *
 * Builds are made once (`makeRig`), streets as often as a test wants a fresh one (`openStreet`).
 */
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { record } from "@tideline/cli";
import { startServer } from "@tideline/embedded";
import {
  readVersionFile,
  withStampTag,
  writeFileAtomically,
  writeVersionFile,
} from "@tideline/stamp";
import type { BuildId, BuildStamp, RecordAnswer, Severity } from "@tideline/version";
import { APP_NAMES, type AppName, LOCAL_ENVIRONMENT } from "../../../scripts/apps.js";
import { buildApp, REPOSITORY } from "../../../scripts/build-app.js";
import { buildPageScript } from "../../../scripts/build-page-script.js";
import { startLocalGateway } from "../../../scripts/local-gateway.js";
import { pointTo, releaseFolder, removeRelease } from "../../../scripts/releases.js";
import { startSiteHost } from "../../../scripts/site-host.js";

/** Builds in the order of their age; each says its letter after the name of the app. */
export type Variant = "A" | "B" | "C";

const VARIANTS: Readonly<Record<Variant, { number: number; commit: string; version: string }>> = {
  A: { number: 1, commit: "a".repeat(40), version: "1.0.0" },
  B: { number: 2, commit: "b".repeat(40), version: "1.1.0" },
  C: { number: 3, commit: "c".repeat(40), version: "1.2.0" },
};

const TOKEN = "a-token-that-only-the-rig-knows";

export interface Rig {
  /** Gives a fresh ledger and fresh sites on which nothing is published. */
  openStreet(): Promise<Street>;
  /** Removes the builds. */
  remove(): Promise<void>;
}

export interface Street {
  /** What the gateway logged, a line each. */
  readonly gatewayLog: readonly string[];
  /** Where the app is served. */
  siteUrl(app: AppName): string;
  stampOf(app: AppName, variant: Variant): Promise<BuildStamp>;
  /** Serves the variant's pages; tells the ledger nothing. */
  publish(app: AppName, variant: Variant): Promise<void>;
  /** Tells the ledger that the variant is live; serves nothing. */
  record(app: AppName, variant: Variant, options?: RecordOptions): Promise<RecordAnswer>;
  /** Publishes, then records. */
  deploy(app: AppName, variant: Variant, options?: RecordOptions): Promise<RecordAnswer>;
  /** Deletes the variant's files from the host. */
  removeFiles(app: AppName, variant: Variant): Promise<void>;
  close(): Promise<void>;
}

export interface RecordOptions {
  readonly allowRollback?: boolean;
  readonly severity?: Severity;
  readonly notes?: string;
}

/**
 * Builds variants of apps.
 *
 * @param wanted Which variants of which app. Where there is only "A", a "B" is had for nothing by
 *   stamping the same files anew: enough for a page that shall be told of another build.
 */
export async function makeRig(
  wanted: Readonly<Partial<Record<AppName, readonly Variant[]>>>,
): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), "tideline-rig-"));
  const port = await findFreePort();
  const builds = (app: AppName) => join(folder, "builds", app);
  for (const app of APP_NAMES) {
    for (const variant of wanted[app] ?? []) {
      await build(app, variant, builds(app), `http://127.0.0.1:${port}`);
    }
    if (wanted[app]?.length === 1) await restamp(builds(app));
  }
  let streets = 0;
  return {
    openStreet: () => openStreet(join(folder, `street-${++streets}`), builds, port, wanted),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function build(app: AppName, variant: Variant, site: string, convexUrl: string) {
  const { number, commit, version } = VARIANTS[variant];
  await buildApp({
    appName: app,
    root: `apps/${app}`,
    configFile: join(REPOSITORY, "packages/testing/src/rig/vite.config.ts"),
    outDir: releaseFolder(site, number),
    convexUrl,
    env: {
      TIDELINE_RIG_VARIANT: variant,
      TIDELINE_VERSION: version,
      TIDELINE_BUILD_NUMBER: String(number),
      GITHUB_SHA: commit,
    },
  });
}

/** Makes a second release of the first one's files that says it is another build. */
async function restamp(site: string): Promise<void> {
  const { number, commit, version } = VARIANTS.B;
  const folder = releaseFolder(site, number);
  await cp(releaseFolder(site, VARIANTS.A.number), folder, { recursive: true });
  const stamp: BuildStamp = {
    ...(await readVersionFile(join(folder, "version.json"))),
    ...{ buildId: "0123456789abcdef" as BuildId, version, gitCommit: commit, buildNumber: number },
  };
  await writeVersionFile(join(folder, "version.json"), stamp);
  const page = join(folder, "index.html");
  await writeFileAtomically(page, withStampTag(await readFile(page, "utf8"), stamp));
}

async function openStreet(
  folder: string,
  builds: (app: AppName) => string,
  port: number,
  wanted: Readonly<Partial<Record<AppName, readonly Variant[]>>>,
): Promise<Street> {
  const site = (app: AppName) => join(folder, "sites", app);
  const server = await startServer({
    dir: join(REPOSITORY, "convex"),
    data: join(folder, "data"),
    port,
    sitePort: 0,
    env: { TIDELINE_RECORD_TOKEN: TOKEN },
    log: () => {},
  });
  const gateway = await startLocalGateway(0);
  const gatewayLog: string[] = [];
  const hosts = new Map<AppName, Awaited<ReturnType<typeof startSiteHost>>>();
  for (const app of APP_NAMES) {
    if (wanted[app] === undefined) continue;
    await cp(builds(app), site(app), { recursive: true });
    const options = app === "marketing" ? { gateway: gateway.handle } : {};
    hosts.set(app, await startSiteHost(site(app), 0, "--port", options));
  }
  if (wanted.marketing !== undefined) {
    gateway.open({
      ...{ convexUrl: server.url, allowedOrigins: [], isVerbose: true },
      script: await buildPageScript(new AbortController().signal),
      log: (line) => gatewayLog.push(line),
    });
  }

  const release = (app: AppName, variant: Variant) =>
    releaseFolder(site(app), VARIANTS[variant].number);
  const publish: Street["publish"] = (app, variant) => pointTo(site(app), VARIANTS[variant].number);
  const recordVariant: Street["record"] = (app, variant, options = {}) =>
    record({
      dist: release(app, variant),
      environment: LOCAL_ENVIRONMENT,
      url: server.url,
      token: TOKEN,
      env: {},
      ...options,
    });
  return {
    gatewayLog,
    siteUrl(app) {
      const host = hosts.get(app);
      if (host === undefined) throw new RangeError(`The rig has no builds of "${app}"`);
      return host.url;
    },
    stampOf: (app, variant) => readVersionFile(join(release(app, variant), "version.json")),
    publish,
    record: recordVariant,
    async deploy(app, variant, options) {
      await publish(app, variant);
      return await recordVariant(app, variant, options);
    },
    removeFiles: (app, variant) => removeRelease(site(app), VARIANTS[variant].number),
    async close() {
      await gateway.close();
      for (const host of hosts.values()) await host.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The address is in the pages, so it has to be known before they are built. */
async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
