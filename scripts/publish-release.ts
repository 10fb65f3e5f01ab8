/** Makes one release of an app the live one: announced, switched, recorded, in this order. */
import { abort, announce, CommandError, type DeploymentOptions, record } from "@tideline/cli";
import type { DeploymentKind, LatestDeployment, Severity } from "@tideline/version";
import { WATCH_LATEST_DEPLOYMENT } from "@tideline/version";
import { queryOnce } from "@tideline/watch";
import { LOCAL_ENVIRONMENT } from "./apps.js";
import { currentReleaseNumber, pointTo, type Release } from "./releases.js";
import { ScriptError } from "./script-error.js";

/** How to publish a release. */
export interface PublishOptions {
  /** The folder with `releases/` and `current`. */
  readonly site: string;
  readonly release: Release;
  /** The ledger's address. */
  readonly url: string;
  readonly token: string;
  /** True if whoever asks goes back on purpose; then it is recorded as a rollback. */
  readonly goesBack?: boolean;
  readonly severity?: Severity | undefined;
  readonly notes?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the ledger made of it. */
export interface Published {
  readonly kind: DeploymentKind;
  readonly epoch: number;
}

/**
 * Publishes a release and records it.
 *
 * Whoever runs this does so by hand, so a build that was live before may be live again. One that
 * never was is no rollback, whatever its commit. When the record fails, the release that was served
 * before is served again.
 *
 * @throws {ScriptError} If the ledger does not take it, or cannot be reached.
 */
export async function publishRelease(options: PublishOptions): Promise<Published> {
  const { site, release, url } = options;
  const { request, state, epoch } = await announceRelease(options);
  const previous = await currentReleaseNumber(site);
  await pointTo(site, release.number);
  try {
    const answer = await record({ ...request, asOfEpoch: epoch });
    if (answer.ok) return answer;
    throw new ScriptError(answer.message);
  } catch (error) {
    // A lost answer may have been a yes; then the pages have to stay.
    const latest = await liveDeployment(url, release.stamp.appName).catch(() => null);
    if (latest !== null && latest.epoch > epoch && latest.buildId === release.stamp.buildId) {
      return latest;
    }
    await pointTo(site, previous);
    // An announcement that cannot be taken back now ends by itself after half an hour.
    if (state === "pending")
      await abort({ ...withoutSignal(request), timeoutMs: 2_000 }).catch(() => {});
    throw asScriptError(error);
  }
}

/**
 * Gives what the ledger says is live on this machine, or null if nothing is.
 *
 * @param buildId The build that `clientBuild` of the answer is to be about.
 */
export async function liveDeployment(
  url: string,
  appName: string,
  buildId?: string,
): Promise<LatestDeployment | null> {
  const environment = LOCAL_ENVIRONMENT;
  const target = { appName, environment, ...(buildId !== undefined && { buildId }) };
  return (await queryOnce(url, WATCH_LATEST_DEPLOYMENT, target)) ?? null;
}

function requestOf(options: PublishOptions) {
  const { release, url, token, goesBack = false, severity, notes, signal } = options;
  return {
    dist: release.folder,
    environment: LOCAL_ENVIRONMENT,
    url,
    token,
    // What the release says of itself holds; variables of the shell are about something else.
    env: {},
    timeoutMs: 15_000,
    allowRollback: goesBack,
    ...(severity !== undefined && { severity }),
    ...(notes !== undefined && { notes }),
    ...(signal !== undefined && { signal }),
  } satisfies DeploymentOptions;
}

function withoutSignal({ signal, ...request }: DeploymentOptions): DeploymentOptions {
  return request;
}

async function announceRelease(options: PublishOptions) {
  const request: DeploymentOptions = requestOf(options);
  try {
    // Asked without leave first, so that only what really goes back is recorded as a rollback.
    const answer = await announce(request);
    if (answer.ok) return { ...answer, request };
    if (answer.code !== "ROLLBACK_NOT_ALLOWED") throw new ScriptError(answer.message);
    const permitted = { ...request, ...(await permission(options)) };
    const again = await announce(permitted);
    if (again.ok) return { ...again, request: permitted };
    throw new ScriptError(again.message);
  } catch (error) {
    throw asScriptError(error);
  }
}

/** What it takes to deploy a build whose commit was live before and is not now. */
async function permission({ release, url }: PublishOptions): Promise<DeploymentOptions> {
  const { appName, buildId, gitCommit } = release.stamp;
  const latest = await liveDeployment(url, appName, buildId);
  if (latest?.clientBuild.state === "known" || gitCommit === null) return { allowRollback: true };
  // Bytes that never were live are no way back: something besides the commit went into them.
  return { gitCommit: `${gitCommit}-rebuilt` };
}

function asScriptError(error: unknown): unknown {
  return error instanceof CommandError ? new ScriptError(error.message, { cause: error }) : error;
}
