/** What the services of the configuration are made from, and the ids of that here and now. */
import { posix } from "node:path";
import {
  fingerprintInputs,
  type InputTree,
  readInputTree,
  type ServiceInputs,
  selectInputs,
} from "@tideline/stamp";
import { CommandError } from "../command-error.js";
import type { ServiceConfig, TidelineConfig } from "../config/config.js";
import type { Env } from "../terminal.js";

/** The inputs of all services. */
export interface FoundInputs {
  /** `inputsId` by service, 16 hex digits. */
  readonly ids: ReadonlyMap<string, string>;
  /** What they were read from. */
  readonly tree: InputTree;
}

/**
 * Gives the `inputsId` of every service, of the working tree as it is.
 *
 * @param options.salt Makes other ids of the same inputs. @default TIDELINE_SALT
 * @throws {CommandError} `failed`, if there is a repository and git cannot read it.
 */
export async function readServiceInputs(
  config: TidelineConfig,
  env: Env,
  options: { readonly salt?: string | undefined } = {},
): Promise<FoundInputs> {
  const { root } = config;
  try {
    const tree = await readInputTree(root, env);
    return { tree, ids: await fingerprintTree(config, tree, env, options) };
  } catch (cause) {
    throw new CommandError("failed", (cause as Error).message, { cause });
  }
}

/** Gives the `inputsId` of every service in a tree that was read before. */
export async function fingerprintTree(
  config: TidelineConfig,
  tree: InputTree,
  env: Env,
  { salt = env.TIDELINE_SALT?.trim() || undefined }: { readonly salt?: string | undefined } = {},
): Promise<ReadonlyMap<string, string>> {
  const { root, versionFile } = config;
  const services = [...config.services.values()].map((service) => serviceInputs(config, service));
  return await fingerprintInputs({ root, env, services, versionFile, salt, tree });
}

/**
 * Gives what a service is made from: its own paths and those of everything that it depends on,
 * their Dockerfiles (with what Docker is told to leave out) and their public variables.
 */
export function serviceInputs(config: TidelineConfig, service: ServiceConfig): ServiceInputs {
  const include: (readonly string[])[] = [];
  const extra: string[] = [];
  const variables: string[] = [];
  const seen = new Set<string>();
  const add = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    const shared = config.shared.get(name);
    if (shared !== undefined) include.push(shared);
    const found = config.services.get(name);
    if (found === undefined) return;
    include.push(found.paths);
    variables.push(...found.publicVariables);
    if (found.dockerfile !== null) {
      const ignored = posix.join(found.context, ".dockerignore");
      extra.push(found.dockerfile, `${found.dockerfile}.dockerignore`, ignored);
    }
    found.dependsOn.forEach(add);
  };
  add(service.name);
  const outputs = [...config.services.values()].flatMap(({ dist }) => dist ?? []);
  return { name: service.name, include, extra, outputs, variables };
}

/** Gives a sentence for every glob that takes nothing: most often a folder that was renamed. */
export function warnOfEmptyGlobs(config: TidelineConfig, tree: InputTree): string[] {
  const lists = [
    ...[...config.shared].map(([name, globs]) => [`shared.${name}`, globs] as const),
    ...[...config.services].map(([name, { paths }]) => [`services.${name}.paths`, paths] as const),
  ];
  return lists.flatMap(([place, globs]) =>
    globs
      .filter((glob) => !glob.startsWith("!") && selectInputs(tree, [glob]).length === 0)
      .map((glob) => `${place}: "${glob}" takes no file`),
  );
}
