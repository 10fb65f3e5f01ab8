/**
 * What a developer machine does when an upstream has moved: that one subsystem's source, build, test,
 * package, release and restart, and nothing of any other subsystem.
 */
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type FleetTarget,
  platformKey,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";
import { platformHere } from "../artifact/platform-here.js";
import type { SubsystemConfig, SyncConfig } from "../config/sync-config.js";
import type { UpstreamVersion } from "../detect/upstream-finding.js";
import type { EngineDeps } from "../engine/engine-deps.js";
import type { UpdateOutcome } from "../engine/update-outcome.js";
import { updateSubsystem } from "../engine/update-subsystem.js";
import { type BuildDeps, buildSource } from "./build-source.js";
import { findBuilt } from "./find-built.js";
import { packFiles } from "./pack-files.js";
import { publishRelease } from "./publish-release.js";
import type { Publication, PublishDeps, PublishRequest } from "./publish-request.js";
import { versionOfUpstream } from "./upstream-version.js";

/** What a developer machine needs. */
export interface DeveloperDeps extends BuildDeps {
  readonly config: SyncConfig;
  readonly publisher: PublishDeps;
  /** Installs the release here; null: it is only published. */
  readonly engine: EngineDeps | null;
}

/** What came of it. */
export interface DeveloperOutcome {
  readonly publication: Publication;
  /** False if the release host had a release of this very commit already. */
  readonly isBuilt: boolean;
  /** Null where nothing is installed here. */
  readonly update: UpdateOutcome | null;
}

/**
 * Builds, tests, publishes and installs one commit of a subsystem's upstream.
 *
 * What is published already is not built again: after a crash between release host and ledger, a
 * second build need not have the same bytes.
 *
 * @param found What detection gave as the newest; moved tags never get here.
 * @throws {SyncError} With why it ended; the live binary and the releases before are untouched then.
 */
export async function buildAndPublish(
  subsystem: SubsystemConfig,
  found: UpstreamVersion,
  deps: DeveloperDeps,
): Promise<DeveloperOutcome> {
  const version = versionOfUpstream(subsystem, found);
  const upstream = upstreamOf(subsystem, found);
  const built = await findBuilt(subsystem.name, version, upstream, deps.publisher);
  if (built !== null) {
    const update = await install(subsystem, built.manifest, built.signed, built, deps);
    return { publication: built, isBuilt: false, update };
  }
  const { output, ...from } = await buildSource(subsystem, found, deps);
  const platform = platformKey(platformHere());
  const packages = await packFiles(subsystem, version, [{ platform, path: output }], from);
  const request: PublishRequest = {
    ...{ subsystem: subsystem.name, upstream, isCritical: false, dataRollback: "safe" },
    ...{ minSync: null, revoked: [], seq: null, isAgain: false },
    content: { kind: "packages", version, packages },
    notes: `${subsystem.name} ${version}, built from ${upstream?.url ?? "its source"} at ${found.commit}`,
  };
  const publication = await publishRelease(request, deps.publisher);
  const { manifest, signed } = publication;
  await stage(subsystem, manifest, output);
  const update = await install(subsystem, manifest, signed, publication, deps);
  return { publication, isBuilt: true, update };
}

function upstreamOf({ upstream }: SubsystemConfig, found: UpstreamVersion) {
  const url = found.remote ?? upstream?.remotes[0];
  return url === undefined ? null : { url, tag: found.tag, oid: found.commit };
}

/** Puts what was built here where a download of it would lie, so that nothing is downloaded. */
async function stage(
  { binary }: SubsystemConfig,
  { artifacts }: ReleaseManifest,
  output: string,
): Promise<void> {
  const sha256 = artifacts[platformKey(platformHere())]?.binary.sha256;
  if (sha256 === undefined) return;
  const folder = join(dirname(binary), ".staging");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // If it is not what its name says, whoever stages it downloads it after all.
  await copyFile(output, join(folder, sha256));
}

async function install(
  { name }: SubsystemConfig,
  { seq, version }: ReleaseManifest,
  release: SignedRelease,
  { ledger: answer }: Pick<Publication, "ledger">,
  { engine, config, signal, log }: DeveloperDeps,
): Promise<UpdateOutcome | null> {
  if (engine === null) return null;
  // The machine that has built and tested it is no ring of a rollout: it takes it at once.
  const target: FleetTarget = {
    ...{ channel: config.machine.channel, subsystem: name, rollout: null },
    generation: answer?.ok === true ? answer.generation : seq,
    settled: { release, seq, version },
  };
  const { ledger } = engine;
  const own: EngineDeps["ledger"] = {
    kind: ledger.kind,
    watchTargets: (onTargets, until) => ledger.watchTargets(onTargets, until),
    targets: () => [target],
    watchHints: (onHint, until) => ledger.watchHints(onHint, until),
    report: (report) => ledger.report(report),
    publish: (signed, until) => ledger.publish(signed, until),
    state: () => ledger.state(),
    close: async () => {},
  };
  const update = await updateSubsystem({ ...engine, ledger: own }, name, target, { signal });
  log(`${name}: ${update.state}`);
  return update;
}
