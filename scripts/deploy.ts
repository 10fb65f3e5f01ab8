/** `npm run deploy`: a new release of one app, or an older one again, live on this machine. */
import { join } from "node:path";
import { type AppName, LOCAL_ENVIRONMENT } from "./apps.js";
import { buildRelease } from "./build-release.js";
import {
  DEPLOY_USAGE,
  type DeployCommand,
  parseDeployCommand,
  type ReleaseSource,
} from "./deploy-options.js";
import { KEPT_RELEASES } from "./kept-releases.js";
import { findRunning, loadRecordToken, localPaths } from "./local-state.js";
import { withLock } from "./lock-file.js";
import { publishRelease } from "./publish-release.js";
import {
  currentReleaseNumber,
  listReleases,
  pruneReleases,
  type Release,
  readRelease,
  releaseName,
  removeRelease,
} from "./releases.js";
import { runScript, ScriptError } from "./script-error.js";

await runScript(async () => {
  const command = parseDeployCommand(process.argv.slice(2));
  if (command === null) return console.log(DEPLOY_USAGE);
  const stopping = new AbortController();
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => {
      process.exitCode = code;
      stopping.abort();
    });
  }
  const lock = join(localPaths(command.state).site(command.app), "deploying");
  await withLock(lock, `deploy ${command.app}`, () => deploy(command, stopping.signal));
});

async function deploy(command: DeployCommand, signal: AbortSignal): Promise<void> {
  const { app, state, severity, notes } = command;
  const startedAt = performance.now();
  const running = await findRunning(state);
  if (running === null) {
    throw new ScriptError(
      `Cannot deploy ${app}: Tideline does not run here; run npm start in another terminal first`,
    );
  }
  const { TIDELINE_ENVIRONMENT: named = LOCAL_ENVIRONMENT } = process.env;
  if (named.trim() !== "" && named !== LOCAL_ENVIRONMENT) {
    console.error(
      `Warning: this deploys to ${LOCAL_ENVIRONMENT}, which is the environment of npm start; TIDELINE_ENVIRONMENT is "${named}"`,
    );
  }
  const site = localPaths(state).site(app);
  const before = await current(site);
  const release =
    command.source.kind === "build"
      ? await build(app, site, running.url, before, signal)
      : await findRelease(command.source, site, before);
  const token = await loadRecordToken(state);
  const goesBack =
    command.source.kind === "previous" ||
    (command.source.kind === "named" && before !== null && release.number < before.number);
  try {
    const { kind, epoch } = await publishRelease({
      ...{ site, release, token, goesBack, severity, notes, signal },
      url: running.url,
    });
    await pruneReleases(site, KEPT_RELEASES);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(
      `${releaseName(release)} of ${app} is live: recorded as ${kind}, epoch ${epoch}, in ${seconds} s`,
    );
    console.log(
      kind === "redeploy"
        ? "Nothing changed: the same bytes are live already, so nobody is prompted"
        : `Every open tab of ${running.apps[app]} that runs another build offers a refresh now`,
    );
  } catch (error) {
    if (command.source.kind === "build") await removeRelease(site, release.number);
    throw error;
  }
}

async function build(
  app: AppName,
  site: string,
  url: string,
  before: Release | null,
  signal: AbortSignal,
): Promise<Release> {
  try {
    return await buildRelease(app, site, url, signal);
  } catch (cause) {
    if (signal.aborted || !(cause instanceof ScriptError)) throw cause;
    // Vite's words are many lines; the last one says where this leaves the app.
    const stays =
      before === null ? "nothing is published yet" : `${releaseName(before)} stays live`;
    throw new ScriptError(`${cause.message}\n\nNothing was deployed: ${stays} for ${app}`, {
      cause,
    });
  }
}

async function current(site: string): Promise<Release | null> {
  const number = await currentReleaseNumber(site);
  return number === null ? null : await readRelease(site, number);
}

async function findRelease(
  source: Exclude<ReleaseSource, { readonly kind: "build" }>,
  site: string,
  before: Release | null,
): Promise<Release> {
  const releases = await listReleases(site);
  if (source.kind === "named") {
    const found = releases.find(
      ({ number, stamp }) => String(number) === source.name || stamp.version === source.name,
    );
    if (found !== undefined) return found;
    const known = releases.map(({ number, stamp }) => `${number} (${stamp.version})`).join(", ");
    throw new ScriptError(
      `Cannot go to release "${source.name}": expected one of ${known || "none, nothing is published yet"}`,
    );
  }
  const older = releases.find(
    ({ number, stamp }) =>
      before !== null && number < before.number && stamp.buildId !== before.stamp.buildId,
  );
  if (older !== undefined) return older;
  throw new ScriptError(
    "Cannot go back: there is no older release with another build; --to names one to go to",
  );
}
