/** Makes one release of an app the live one: announced, switched, recorded, in this order. */
import { abort, announce, type DeploymentOptions, RecordError, record } from "@tideline/cli";
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
 * Whoever runs this does so by hand, so a commit that was live before may be live again. When the
 * record fails, the release that was served before is served again.
 *
 * @throws {ScriptError} If the ledger does not take it, or cannot be reached.
 */
export async function publishRelease(options: PublishOptions): Promise<Published> {
  const { site, release, url } = options;
  const request = requestOf(options);
  const { state, epoch, allowRollback } = await announceRelease(request);
  const previous = await currentReleaseNumber(site);
  await pointTo(site, release.number);
  try {
    const answer = await record({ ...request, allowRollback, asOfEpoch: epoch });
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

/** Gives what the ledger says is live on this machine, or null if nothing is. */
export async function liveDeployment(
  url: string,
  appName: string,
): Promise<LatestDeployment | null> {
  const target = { appName, environment: LOCAL_ENVIRONMENT };
  return (await queryOnce(url, WATCH_LATEST_DEPLOYMENT, target)) ?? null;
}

function requestOf({ release, url, token, severity, notes, signal }: PublishOptions) {
  return {
    dist: release.folder,
    environment: LOCAL_ENVIRONMENT,
    url,
    token,
    // What the release says of itself holds; variables of the shell are about something else.
    env: {},
    timeoutMs: 15_000,
    ...(severity !== undefined && { severity }),
    ...(notes !== undefined && { notes }),
    ...(signal !== undefined && { signal }),
  } satisfies DeploymentOptions;
}

function withoutSignal({ signal, ...request }: DeploymentOptions): DeploymentOptions {
  return request;
}

async function announceRelease(request: DeploymentOptions) {
  try {
    // Asked without first, so that only what really goes back is recorded as a rollback.
    const answer = await announce(request);
    if (answer.ok) return { ...answer, allowRollback: false };
    if (answer.code !== "ROLLBACK_NOT_ALLOWED") throw new ScriptError(answer.message);
    const again = await announce({ ...request, allowRollback: true });
    if (again.ok) return { ...again, allowRollback: true };
    throw new ScriptError(again.message);
  } catch (error) {
    throw asScriptError(error);
  }
}

function asScriptError(error: unknown): unknown {
  return error instanceof RecordError ? new ScriptError(error.message, { cause: error }) : error;
}
