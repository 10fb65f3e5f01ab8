/** Everything from a push to a ledger on this machine: a GitHub, a package registry, a public host. */
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningServer, startServer } from "@tideline/embedded";
import { buildCli } from "../../built-cli.js";
import { GIT_ENV, GitRig } from "../../git-rig.js";
import { GitHubRig } from "./github-rig.js";
import { type IdentityIssuer, startIdentityIssuer } from "./identity-issuer.js";
import { type PackageRegistry, servePackage } from "./package-registry.js";
import { type PublicHost, startPublicHost } from "./public-host.js";
import { SHOP_SCRIPTS, shopFiles } from "./shop.js";

const REPOSITORY = "acme/shop";
const IDS = { repositoryId: "7001", ownerId: "70" };

/** What a test of the whole street stands on. */
export interface Street {
  readonly github: GitHubRig;
  /** A developer's clone. */
  readonly clone: GitRig;
  readonly server: RunningServer;
  readonly host: PublicHost;
  readonly issuer: IdentityIssuer;
  /** What the machine has that runs the jobs. */
  readonly env: Readonly<Record<string, string>>;
  readonly dispose: () => Promise<void>;
}

/** What a street may have beside the rest. */
export interface StreetOptions {
  /** The host of a registry of images; with it the repository has a service that is an image. */
  readonly images?: string;
  /** A folder whose programs come before the system's. */
  readonly programs?: string;
}

/** Starts all of it, with a repository whose first commit is not pushed yet. */
export async function openStreet({ images, programs }: StreetOptions = {}): Promise<Street> {
  const folder = await mkdtemp(join(tmpdir(), "tideline-street-"));
  const cli = await buildCli();
  const registry = await servePackage(cli, folder);
  await cli.dispose();
  const host = await startPublicHost(join(folder, "public"));
  const issuer = await startIdentityIssuer({ repository: REPOSITORY, ...IDS });
  const server = await startServer({
    dir: fileURLToPath(new URL("../../../../../convex", import.meta.url)),
    data: join(folder, "data"),
    port: 0,
    sitePort: 0,
    env: { TIDELINE_GITHUB_ISSUER: issuer.url, TIDELINE_GITHUB_TRUST: JSON.stringify(TRUST) },
    log: () => {},
  });
  const home = join(folder, "home");
  await mkdir(home);
  const address = { CONVEX_URL: server.url, CONVEX_SITE_URL: server.siteUrl };
  const vars = Object.fromEntries(
    ["STAGING", "PRODUCTION"].flatMap((place) =>
      Object.entries(address).map(([name, url]) => [`${place}_${name}`, url] as const),
    ),
  );
  const env = machineEnv(home, registry, programs);
  const github = await GitHubRig.create({ repository: REPOSITORY, issuer, vars, env });
  const clone = await GitRig.clone(github.bare);
  await clone.write({ ...(await shopFiles(registry, host, images ?? null)), ...SHOP_SCRIPTS });
  for (const script of Object.keys(SHOP_SCRIPTS)) await chmod(join(clone.folder, script), 0o755);
  return {
    github,
    clone,
    server,
    host,
    issuer,
    env,
    dispose: async () => {
      await Promise.all([server.close(), host.close(), issuer.close(), registry.close()]);
      await Promise.all([github.dispose(), clone.dispose()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Commits, pushes to main and runs what that starts; gives the commit. */
export async function push(
  { clone, github }: Street,
  message: string,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  await clone.git("fetch", "--quiet", "origin");
  const isFirst = (await clone.git("branch", "--remotes")) === "";
  // A bump may have come meanwhile.
  if (!isFirst) await clone.git("rebase", "--quiet", "origin/main");
  const commit = await clone.commit(message, files);
  await clone.git("push", "--quiet", "origin", "HEAD:main");
  await github.settle();
  return commit;
}

const TRUST = [
  {
    repository_id: IDS.repositoryId,
    repository_owner_id: IDS.ownerId,
    ref: ["refs/heads/main", "refs/tags/release/*"],
  },
];

const SYSTEM = ["/usr/local/bin", "/usr/bin", "/bin"];

/** What a hosted machine has: a Node, the system's programs, and npm's settings. */
function machineEnv(
  home: string,
  { url }: PackageRegistry,
  programs: string | undefined,
): Record<string, string> {
  const { GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM } = GIT_ENV;
  return {
    PATH: [
      ...(programs === undefined ? [] : [programs]),
      dirname(process.execPath),
      ...SYSTEM,
    ].join(":"),
    HOME: home,
    GIT_CONFIG_GLOBAL,
    GIT_CONFIG_SYSTEM,
    npm_config_registry: url,
    npm_config_cache: join(home, ".npm"),
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
  };
}
