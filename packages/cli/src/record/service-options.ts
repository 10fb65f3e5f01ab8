/** What `tideline.config.json` says of the service that `--service` names. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createStamp, parseVersionFile } from "@tideline/stamp";
import type { BuildId } from "@tideline/version";
import { CommandError } from "../command-error.js";
import { requireConfig } from "../config/load-config.js";
import { serviceIn, withLedgerOf } from "../config/service-in.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { Env, Terminal } from "../terminal.js";
import type { FoundStamp } from "./find-stamp.js";
import { inputsOf } from "./inputs-of.js";

/** A service as it is recorded. */
export interface NamedService {
  readonly name: string;
  readonly appName: string;
  /** Its artifact's absolute path, or null if it has none. */
  readonly dist: string | null;
  /** The public address that says which build is served, or null. */
  readonly probe: string | null;
  /** The variables, with the addresses of the environment's ledger where none says another. */
  readonly env: Env;
  readonly root: string;
  /** From `root`. */
  readonly versionFile: string;
  /** The fingerprint of its inputs; undefined where nothing can be fingerprinted. */
  readonly inputsId: () => Promise<string | undefined>;
}

/**
 * Finds the service that `--service` names; null without the option.
 *
 * @throws {CommandError} `usage`, if there is no configuration, or no such service or environment.
 */
export async function findService(
  given: GivenOptions,
  { cwd, env, log }: Terminal,
): Promise<NamedService | null> {
  const name = given.text("service");
  if (name === undefined) return null;
  const config = await requireConfig(cwd, "use --service");
  const named = given.text("environment") ?? (env.TIDELINE_ENVIRONMENT?.trim() || null);
  const { service, environment, probe } = serviceIn(config, name, named, "use --service");
  let id: Promise<string> | null = null;
  return {
    name,
    appName: service.appName,
    dist: service.dist === null ? null : join(config.root, service.dist),
    probe,
    env: withLedgerOf(environment, env),
    root: config.root,
    versionFile: config.versionFile,
    inputsId: async () => {
      id ??= inputsOf(config, name, env);
      return await id.catch((error: Error) => {
        log(`Recording without the fingerprint of its inputs: ${error.message}`);
        return undefined;
      });
    },
  };
}

/**
 * Gives the stamp of a service that has no artifact: its inputs are its identity. The version is
 * what the variables name, else the version file's, else what the commit makes of it.
 *
 * @throws {CommandError} `usage`, if its inputs cannot be read or the stamp not be made.
 */
export async function stampService(service: NamedService): Promise<FoundStamp> {
  const { name, appName, root, env } = service;
  const inputsId = await service.inputsId();
  if (inputsId === undefined) {
    throw new CommandError(
      "usage",
      `Cannot record ${name}: it has no artifact, and its inputs cannot be read; name the build with --label, --file or --published`,
    );
  }
  const names = [env.TIDELINE_VERSION, env.VERSION, env.SPOT_VERSION];
  const version = names.some((text) => text?.trim())
    ? null
    : await readVersion(join(root, service.versionFile));
  try {
    const { stamp, warnings } = await createStamp({
      cwd: root,
      // What is recorded is for the environment that is recorded for, and says so itself.
      env: {
        ...env,
        TIDELINE_APP: undefined,
        APP_NAME: undefined,
        TIDELINE_ENVIRONMENT: undefined,
        ...(version !== null && { TIDELINE_VERSION: version }),
      },
      environment: null,
      appName,
    });
    const built = { ...stamp, buildId: inputsId as BuildId };
    return { stamp: built, folder: null, isPublished: false, warnings };
  } catch (cause) {
    throw new CommandError("usage", (cause as Error).message, { cause });
  }
}

async function readVersion(path: string): Promise<string | null> {
  try {
    return parseVersionFile(JSON.parse(await readFile(path, "utf8")))?.version ?? null;
  } catch {
    // A repository without a version file has versions of another kind.
    return null;
  }
}
