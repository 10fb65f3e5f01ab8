/**
 * What a developer machine does when an upstream has moved: that one subsystem's source, build, test,
 * package, release and restart, and nothing of any other subsystem.
 */
import { copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type FleetTarget,
  platformKey,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";
import { execTest } from "../artifact/exec-test.js";
import { platformHere } from "../artifact/platform-here.js";
import type { Env } from "../commands/terminal.js";
import type { SourceConfig, SubsystemConfig, SyncConfig } from "../config/sync-config.js";
import type { UpstreamVersion } from "../detect/upstream-finding.js";
import type { EngineDeps } from "../engine/engine-deps.js";
import type { UpdateOutcome } from "../engine/update-outcome.js";
import { updateSubsystem } from "../engine/update-subsystem.js";
import { UsageError } from "../usage-error.js";
import { buildEnvironment } from "./build-environment.js";
import { findBuilt } from "./find-built.js";
import { packFiles } from "./pack-files.js";
import { publishRelease } from "./publish-release.js";
import type { NamedPackage, Publication, PublishDeps, PublishRequest } from "./publish-request.js";
import { runScript } from "./run-script.js";
import { changedFiles, requireSource, type SourceUpdate, updateSource } from "./update-source.js";
import { versionOfUpstream } from "./upstream-version.js";

const BUILD_TIMEOUT_MS = 60 * 60_000;
const EXEC_TIMEOUT_MS = 15_000;

/** What a developer machine needs. */
export interface DeveloperDeps {
  readonly config: SyncConfig;
  readonly publisher: PublishDeps;
  /** Installs the release here; null: it is only published. */
  readonly engine: EngineDeps | null;
  readonly env: Env;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** Hears every line of build and test. @default nobody */
  readonly onOutput?: (line: string) => void;
  /** For each command. @default an hour */
  readonly commandTimeoutMs?: number;
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
  const { packages, output } = await build(subsystem, found, version, deps);
  const request: PublishRequest = {
    ...{ subsystem: subsystem.name, upstream, isCritical: false, dataRollback: "safe" },
    ...{ minSync: null, revoked: [], seq: null, isAgain: false, follows: followsOf(subsystem) },
    content: { kind: "packages", version, packages },
    notes: `${subsystem.name} ${version}, built from ${upstream?.url ?? "its source"} at ${found.commit}`,
  };
  const publication = await publishRelease(request, deps.publisher);
  const { manifest, signed } = publication;
  await stage(subsystem, manifest, output);
  const update = await install(subsystem, manifest, signed, publication, deps);
  return { publication, isBuilt: true, update };
}

async function build(
  subsystem: SubsystemConfig,
  found: UpstreamVersion,
  version: string,
  deps: DeveloperDeps,
): Promise<{ readonly packages: NamedPackage[]; readonly output: string }> {
  const { config, env, log, signal } = deps;
  const source = requireSourceConfig(subsystem);
  const { folder, output } = source;
  const update: SourceUpdate = {
    ...{ subsystem: subsystem.name, folder, found, signal },
    branch: subsystem.upstream?.branch ?? "main",
    remotes: subsystem.upstream?.remotes ?? [],
  };
  log(`${subsystem.name}: its source goes to ${found.tag ?? found.commit}`);
  const { commit, committedAt } = await updateSource(update);
  // Else a build that does nothing would publish the binary of the one before.
  await rm(output, { force: true });
  const script = (what: "build" | "test") => ({
    ...{ what, subsystem: subsystem.name, commands: source[what], folder, signal },
    logFile: join(config.state, "builds", `${subsystem.name}-${what}.log`),
    env: {
      ...buildEnvironment(env),
      // https://reproducible-builds.org/specs/source-date-epoch
      SOURCE_DATE_EPOCH: String(committedAt / 1000),
      ...{ TIDELINE_VERSION: version, TIDELINE_COMMIT: commit, TIDELINE_TAG: found.tag ?? "" },
    },
    timeoutMs: deps.commandTimeoutMs ?? BUILD_TIMEOUT_MS,
    onLine: deps.onOutput ?? (() => {}),
    reason: what === "build" ? ("BUILD_FAILED" as const) : ("TEST_FAILED" as const),
  });
  log(`${subsystem.name}: ${version} is built`);
  await runScript(script("build"));
  log(`${subsystem.name}: ${version} is tested`);
  await runScript(script("test"));
  await execTest({
    ...{ path: output, args: subsystem.versionArgs, version, signal },
    timeoutMs: EXEC_TIMEOUT_MS,
  });
  const platform = platformKey(platformHere());
  const built = { commit, committedAt };
  const packages = await packFiles(subsystem, version, [{ platform, path: output }], built);
  await requireSource(update);
  const changed = await changedFiles(update);
  if (changed.length > 0) {
    log(
      `${subsystem.name}: its build has changed ${changed.join(", ")}; the next update will refuse`,
    );
  }
  return { packages, output };
}

function requireSourceConfig({ name, source, binary }: SubsystemConfig): SourceConfig {
  if (source === null) {
    throw new UsageError(
      `Cannot build ${name}: expected \`source\` in its configuration, got none`,
    );
  }
  if (source.output === binary) {
    throw new UsageError(
      `Cannot build ${name}: expected \`source.output\` beside the live binary, got "${binary}" itself`,
    );
  }
  return source;
}

function upstreamOf({ upstream }: SubsystemConfig, found: UpstreamVersion) {
  const url = found.remote ?? upstream?.remotes[0];
  return url === undefined ? null : { url, tag: found.tag, oid: found.commit };
}

/** Who follows a branch has said that its commits are taken; there are no major ones among them. */
function followsOf({ upstream }: SubsystemConfig): "versions" | "commits" {
  return upstream?.strategy === "commits" ? "commits" : "versions";
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
