/**
 * `npm start`: the whole of Tideline on this machine. Runs the embedded server on this repository's
 * `convex/` and a gateway, builds the apps, serves and records them, and stays until it is stopped.
 */
import type { RequestListener } from "node:http";
import { join, relative, resolve } from "node:path";
import { type RunningServer, StartError, startServer } from "@tideline/embedded";
import { APP_NAMES, APPS, type AppName } from "./apps.js";
import { REPOSITORY } from "./build-app.js";
import { buildPageScript } from "./build-page-script.js";
import { buildRelease } from "./build-release.js";
import { writeEnvFile } from "./env-file.js";
import { KEPT_RELEASES } from "./kept-releases.js";
import { startLocalGateway } from "./local-gateway.js";
import {
  findRunning,
  type LocalAddresses,
  loadFleetSettings,
  loadRecordToken,
  localPaths,
  prepareState,
  removeAddresses,
  writeAddresses,
} from "./local-state.js";
import { liveDeployment, publishRelease } from "./publish-release.js";
import {
  currentReleaseNumber,
  listReleases,
  pointTo,
  pruneReleases,
  type Release,
  readRelease,
  releaseName,
  removeRelease,
} from "./releases.js";
import { runScript, ScriptError } from "./script-error.js";
import { type SiteHostOptions, startSiteHost } from "./site-host.js";
import {
  DEFAULT_STATE,
  parseStartOptions,
  START_USAGE,
  type StartOptions,
} from "./start-options.js";

await runScript(async () => {
  const options = parseStartOptions(process.argv.slice(2));
  if (options === null) return console.log(START_USAGE);
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // A second Ctrl-C does not wait for what runs; what was acknowledged is on disk. The other
      // signals come twice by themselves: to the whole group, and passed on by run.mjs.
      if (stopping.signal.aborted && signal === "SIGINT") process.exit(130);
      stopping.abort();
    });
  }
  await start(options, stopping.signal);
}, [StartError]);

/** Steps that undo what was opened; the last is undone first. */
type Undo = (() => Promise<unknown>)[];

async function start(options: StartOptions, stopped: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  const undo: Undo = [];
  try {
    await prepareState(options.state);
    await refuseSecond(options.state);
    const gateway = await startLocalGateway(options.gatewayPort);
    undo.push(() => gateway.close());
    const apps = await serveSites(options, gateway.handle, undo);
    const script = await buildPageScript(stopped);
    const token = await loadRecordToken(options.state);
    const fleet = await loadFleetSettings(options.state, process.env);
    const env = { TIDELINE_RECORD_TOKEN: token, ...fleet };
    const server = await serveFunctions(options, env, undo);
    const allowedOrigins = Object.values(apps);
    // Before the ledger and the sites end: its clients are told, instead of cut off.
    undo.push(() => gateway.close());
    gateway.open({
      ...{ convexUrl: server.url, allowedOrigins, script },
      ...{ isVerbose: options.isVerbose, log: console.log },
    });
    const hasEnvFile = options.envFile !== null && (await writeEnvFile(options.envFile, server));

    console.log(`Building ${APP_NAMES.join(", ")} …`);
    for (const app of APP_NAMES) await bringUp(app, options, server.url, token, stopped);

    const { url, siteUrl } = server;
    const addresses = { url, siteUrl, gateway: gateway.url, apps, pid: process.pid };
    undo.push(() => removeAddresses(options.state));
    await writeAddresses(options.state, addresses);
    const cli = aboutCli(options, hasEnvFile);
    console.log(
      welcome(addresses, fleetLink(apps.admin, fleet), cli, performance.now() - startedAt),
    );
    await new Promise((resolve) => stopped.addEventListener("abort", resolve));
  } catch (error) {
    if (!stopped.aborted) throw error;
  } finally {
    for (const step of undo.reverse()) await step();
  }
  console.log(`Stopped; the data stays in ${relative(process.cwd(), options.state) || "."}`);
}

async function refuseSecond(state: string): Promise<void> {
  const running = await findRunning(state);
  if (running === null) return;
  throw new ScriptError(
    `Cannot start: Tideline runs here already as process ${running.pid}, with web at ${running.apps.web}; stop that one, or give this one other ports and another --data`,
  );
}

async function serveSites(
  { state, appPorts }: StartOptions,
  gateway: RequestListener,
  undo: Undo,
): Promise<Record<AppName, string>> {
  const serve = async (app: AppName, options?: SiteHostOptions) => {
    const site = localPaths(state).site(app);
    const host = await startSiteHost(site, appPorts[app], `--${app}-port`, options);
    undo.push(() => host.close());
    return host.url;
  };
  return {
    web: await serve("web"),
    admin: await serve("admin"),
    // Its page has no client of Convex, and a policy that lets it speak to its own address only.
    marketing: await serve("marketing", { gateway }),
  };
}

async function serveFunctions(
  { state, port, sitePort, isVerbose }: StartOptions,
  env: Readonly<Record<string, string>>,
  undo: Undo,
): Promise<RunningServer> {
  const server = await startServer({
    dir: join(REPOSITORY, "convex"),
    data: localPaths(state).data,
    port,
    sitePort,
    env,
    verbose: isVerbose,
    log: (line) => {
      // The addresses are said later, with the others.
      if (isVerbose || !line.startsWith("Convex functions of ")) console.log(line);
    },
  });
  undo.push(() => server.close());
  return server;
}

/**
 * Builds an app; publishes and records it if it is a new build. One that is kept already is live,
 * or was gone back from, and then what is live stays so until somebody deploys.
 */
async function bringUp(
  app: AppName,
  { state }: StartOptions,
  url: string,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  const site = localPaths(state).site(app);
  const built = await buildRelease(app, site, url, signal);
  const live = await liveDeployment(url, app);
  const { release, twin } = await chooseRelease(site, built, live?.buildId ?? null);
  if (live?.buildId === release.stamp.buildId) {
    await pointTo(site, release.number);
  } else {
    await publishRelease({ site, release, url, token, signal });
  }
  if (twin !== null) {
    const data = state === resolve(DEFAULT_STATE) ? "" : ` --data ${relative(".", state)}`;
    console.log(
      `${app} stays at ${releaseName(release)}: the working tree is ${releaseName(twin)}, which is not live now; npm run deploy -- ${app}${data} deploys it`,
    );
  }
  await pruneReleases(site, KEPT_RELEASES);
}

/**
 * Gives the release to serve; starting again without a change makes no new one.
 *
 * @returns `twin`: the kept release that equals the working tree, if another one is live.
 */
async function chooseRelease(
  site: string,
  built: Release,
  liveBuildId: string | null,
): Promise<{ readonly release: Release; readonly twin: Release | null }> {
  const number = await currentReleaseNumber(site);
  const current = number === null ? null : await readRelease(site, number);
  const kept = (await listReleases(site)).filter((release) => release.number !== built.number);
  const equals = kept.filter(({ stamp }) => stamp.buildId === built.stamp.buildId);
  const twin = equals.find((release) => release.number === current?.number) ?? equals[0];
  if (twin === undefined || current === null) return { release: built, twin: null };
  const isCurrent = twin.stamp.buildId === current.stamp.buildId;
  // Where the ledger knows nothing of what is served, nothing is worth keeping live.
  if (!isCurrent && current.stamp.buildId !== liveBuildId) return { release: built, twin: null };
  await removeRelease(site, built.number);
  return { release: current, twin: isCurrent ? null : twin };
}

function aboutCli({ envFile }: StartOptions, hasEnvFile: boolean): string {
  if (hasEnvFile) return "    npx convex data deployments    shows the table itself";
  return envFile === null
    ? "    npx convex is not told of this server; --convex-env <path> writes a file for it"
    : `    ${relative(".", envFile)} is your own, so npx convex talks to what it names, not to this server`;
}

/** The fleet's page, with the view token in the fragment, which no server sees. */
function fleetLink(admin: string, settings: Readonly<Record<string, string>>): string {
  const name = "TIDELINE_FLEET_VIEW_TOKEN";
  const page = new URL("?page=fleet", admin);
  // One that somebody brought along is their secret, and may be of more than this machine.
  if (!process.env[name]?.trim()) page.hash = `fleet-token=${settings[name]}`;
  return page.href;
}

function welcome(
  { apps, url, siteUrl, gateway }: LocalAddresses,
  fleet: string,
  cli: string,
  tookMs: number,
): string {
  const rows = APP_NAMES.map(
    (app) => `    ${app.padEnd(10)} ${apps[app].padEnd(23)}  ${APPS[app].about}`,
  );
  return `
  Tideline runs on this machine (ready in ${(tookMs / 1000).toFixed(1)} s)

${rows.join("\n")}
    ${"fleet".padEnd(10)} ${fleet}
    ${"functions".padEnd(10)} ${url.padEnd(23)}  HTTP actions at ${siteUrl}
    ${"gateway".padEnd(10)} ${gateway.padEnd(23)}  /version and /events/version, for pages like marketing

  Next: open web and admin, change a heading in apps/web/src, and in a second terminal

    npm run deploy -- web          offers a refresh to every open tab of web
    npm run deploy -- web --rollback
    npm run deploy -- marketing    the same for a page of plain HTML (apps/marketing/index.html)
${cli}

  Ctrl-C stops it; the data stays.
`;
}
