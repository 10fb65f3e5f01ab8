/** Brings a subsystem's source to one commit, builds it, tests it, and runs what came out of it. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { execTest } from "../artifact/exec-test.js";
import type { Env } from "../commands/terminal.js";
import type { SourceConfig, SubsystemConfig, SyncConfig } from "../config/sync-config.js";
import type { UpstreamVersion } from "../detect/upstream-finding.js";
import { SyncError } from "../sync-error.js";
import { unreadFile } from "../unread-file.js";
import { UsageError } from "../usage-error.js";
import { buildEnvironment } from "./build-environment.js";
import { runGit } from "./run-git.js";
import { runScript } from "./run-script.js";
import { changedFiles, requireSource, type SourceUpdate, updateSource } from "./update-source.js";
import { versionOfUpstream } from "./upstream-version.js";

const COMMAND_TIMEOUT_MS = 60 * 60_000;
const EXEC_TIMEOUT_MS = 15_000;

/** What a build needs. */
export interface BuildDeps {
  readonly config: Pick<SyncConfig, "state">;
  readonly env: Env;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** Hears every line of build and test. @default nobody */
  readonly onOutput?: ((line: string) => void) | undefined;
  /** For each command. @default an hour */
  readonly commandTimeoutMs?: number | undefined;
}

/** A binary that was built, tested and run. */
export interface BuiltSource {
  readonly version: string;
  readonly commit: string;
  /** ms since epoch. */
  readonly committedAt: number;
  /** Where it lies; absolute. */
  readonly output: string;
}

/**
 * Builds one commit.
 *
 * @param found What detection gave.
 * @throws {SyncError} With what went wrong. What was built before is gone then, and nothing else.
 * @throws {UsageError} If the configuration says not how, or would build over the live binary.
 */
export async function buildSource(
  subsystem: SubsystemConfig,
  found: UpstreamVersion,
  deps: BuildDeps,
): Promise<BuiltSource> {
  const { config, env, log, signal } = deps;
  const { name } = subsystem;
  const source = requireSourceConfig(subsystem);
  const { folder, output } = source;
  const version = versionOfUpstream(subsystem, found);
  const update: SourceUpdate = {
    ...{ subsystem: name, folder, found, signal },
    branch: subsystem.upstream?.branch ?? "main",
    remotes: subsystem.upstream?.remotes ?? [],
  };
  log(`${name}: its source goes to ${found.tag ?? found.commit}`);
  const { commit, committedAt } = await updateSource(update);
  // Else a build that does nothing would publish the binary of the one before.
  await rm(output, { force: true });
  const script = {
    ...{ subsystem: name, folder, signal },
    env: {
      ...buildEnvironment(env),
      // https://reproducible-builds.org/specs/source-date-epoch
      SOURCE_DATE_EPOCH: String(committedAt / 1000),
      ...{ TIDELINE_VERSION: version, TIDELINE_COMMIT: commit, TIDELINE_TAG: found.tag ?? "" },
    },
    timeoutMs: deps.commandTimeoutMs ?? COMMAND_TIMEOUT_MS,
    onLine: deps.onOutput ?? (() => {}),
  };
  const logFile = (what: string) => join(config.state, "builds", `${name}-${what}.log`);
  log(`${name}: building ${version}`);
  const build = { what: "build", commands: source.build, reason: "BUILD_FAILED" } as const;
  await runScript({ ...script, ...build, logFile: logFile("build") });
  log(`${name}: ${source.test.length > 0 ? `testing ${version}` : "has no test commands"}`);
  const test = { what: "test", commands: source.test, reason: "TEST_FAILED" } as const;
  await runScript({ ...script, ...test, logFile: logFile("test") });
  await tryOutput(subsystem, output, version, signal);
  await requireSource(update);
  const changed = await changedFiles(update);
  if (changed.length > 0) {
    log(`${name}: its build has changed ${changed.join(", ")}; the next update will refuse that`);
  }
  return { version, commit, committedAt, output };
}

/** Makes an empty checkout where there is none, as in CI; its first update fetches what it needs. */
export async function makeSourceFolder(
  subsystem: SubsystemConfig,
  signal: AbortSignal,
): Promise<void> {
  const { folder } = requireSourceConfig(subsystem);
  const made = await mkdir(folder, { recursive: true });
  // One that was there is somebody's, whatever is in it.
  if (made === undefined) return;
  const { ok, message } = await runGit(folder, ["init", "--quiet"], signal);
  if (ok) return;
  throw new SyncError("SOURCE_UNUSABLE", `Cannot make a checkout in "${folder}": ${message}`);
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

async function tryOutput(
  { name, versionArgs }: SubsystemConfig,
  path: string,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await execTest({ path, args: versionArgs, version, timeoutMs: EXEC_TIMEOUT_MS, signal });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EISDIR") throw cause;
    const message = `Cannot build ${name}: expected a binary at "${path}" afterwards, got ${unreadFile(cause)}`;
    throw new SyncError("OUTPUT_MISSING", message, { cause });
  }
}
